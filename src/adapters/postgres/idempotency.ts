/** Idempotency keys in Postgres: three statements over migrations/0032_idempotency.sql, which says how they work. */
import type { IdempotencyKeys, KeyClaim } from "../../ports.ts";
import type { Sql } from "./connect.ts";

type ClaimRow = { status: KeyClaim["status"]; answer: string | null; retry_after_ms: number | null };

export function createPostgresIdempotencyKeys(sql: Sql): IdempotencyKeys {
  return {
    async claim({ tokenId, endpoint, key, fingerprint, holder }, runningForMs): Promise<KeyClaim> {
      const [row] = await sql<ClaimRow[]>`
        select status, answer, retry_after_ms from flyahead.claim_idempotency_key(
          ${tokenId}::integer, ${endpoint}, ${key}, ${fingerprint}, ${holder}, make_interval(secs => ${runningForMs / 1_000}))`;
      // Cleared by somebody between the insert and the look: it has run out, and the next try gets it.
      if (row === undefined) return { status: "running", retryAfterMs: 1_000 };
      if (row.status === "done") return { status: "done", answer: row.answer ?? "" };
      if (row.status === "running") return { status: "running", retryAfterMs: row.retry_after_ms ?? 1_000 };
      return { status: row.status };
    },
    async keep({ tokenId, endpoint, key, holder }, answer, keepMs) {
      await sql`
        select flyahead.keep_idempotent_answer(
          ${tokenId}::integer, ${endpoint}, ${key}, ${holder}, ${answer}, make_interval(secs => ${keepMs / 1_000}))`;
    },
    async release({ tokenId, endpoint, key, holder }) {
      await sql`select flyahead.release_idempotency_key(${tokenId}::integer, ${endpoint}, ${key}, ${holder})`;
    },
  };
}
