/**
 * Idempotency keys in memory, with the promises of the Postgres form. `now` is real time, by which claims and answers
 * run out.
 */
import type { Instant } from "../../core/time.ts";
import type { IdempotencyKeys, KeyedRequest } from "../../ports.ts";

type Row = { fingerprint: string; holder: string; answer: string | null; expiresAt: Instant };

export function createMemoryIdempotencyKeys(now: () => Instant): IdempotencyKeys {
  const rows = new Map<string, Row>();
  const nameOf = ({ tokenId, endpoint, key }: KeyedRequest) => JSON.stringify([tokenId, endpoint, key]);
  const runningRow = (request: KeyedRequest) => {
    const row = rows.get(nameOf(request));
    return row !== undefined && row.holder === request.holder && row.answer === null ? row : undefined;
  };

  return {
    async claim(request, runningForMs) {
      const known = rows.get(nameOf(request));
      if (known === undefined || known.expiresAt <= now()) {
        const { fingerprint, holder } = request;
        rows.set(nameOf(request), { fingerprint, holder, answer: null, expiresAt: now() + runningForMs });
        return { status: "claimed" };
      }
      if (known.fingerprint !== request.fingerprint) return { status: "otherRequest" };
      if (known.answer !== null) return { status: "done", answer: known.answer };
      return { status: "running", retryAfterMs: known.expiresAt - now() };
    },
    async keep(request, answer, keepMs) {
      const row = runningRow(request);
      if (row !== undefined) Object.assign(row, { answer, expiresAt: now() + keepMs });
    },
    async release(request) {
      if (runningRow(request) !== undefined) rows.delete(nameOf(request));
    },
  };
}
