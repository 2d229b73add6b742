/** What every form of IdempotencyKeys promises. Expiry is in real time: `elapse` waits, or moves the harness's clock. */
import { createHash, randomUUID } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import type { IdempotencyKeys, KeyedRequest } from "../../src/ports.ts";

export type IdempotencyHarness = {
  readonly keys: IdempotencyKeys;
  /** Ids of two tokens. */
  readonly tokenIds: readonly [string, string];
  elapse(ms: number): Promise<void>;
};

const LONG_MS = 60_000;
const SHORT_MS = 30;
const print = (text: string) => createHash("sha256").update(text).digest("hex");

export function describeIdempotencyKeys(name: string, make: () => Promise<IdempotencyHarness>): void {
  describe(`idempotency keys: ${name}`, () => {
    let harness: IdempotencyHarness;
    let request: KeyedRequest;
    beforeEach(async () => {
      harness = await make();
      const [tokenId] = harness.tokenIds;
      request = {
        ...{ tokenId, endpoint: "POST traffic", key: randomUUID() },
        ...{ fingerprint: print("body"), holder: randomUUID() },
      };
    });
    const claim = (more: Partial<KeyedRequest> = {}, ms = LONG_MS) =>
      harness.keys.claim({ ...request, holder: randomUUID(), ...more }, ms);

    it("gives a key to the first, and tells the others that it is at work", async () => {
      expect(await harness.keys.claim(request, LONG_MS)).toEqual({ status: "claimed" });
      const second = await claim();
      expect(second).toEqual({ status: "running", retryAfterMs: expect.any(Number) });
      expect(second.status === "running" && second.retryAfterMs).toBeGreaterThan(0);
    });

    it("gives it to exactly one of ten who ask at once", async () => {
      const answers = await Promise.all(Array.from({ length: 10 }, () => claim()));
      expect(answers.filter(({ status }) => status === "claimed")).toHaveLength(1);
      expect(answers.filter(({ status }) => status === "running")).toHaveLength(9);
    });

    it("answers what was kept, to whoever asks the same", async () => {
      await harness.keys.claim(request, LONG_MS);
      await harness.keys.keep(request, '{"stored":1,"quote":"\\""}', LONG_MS);
      expect(await claim()).toEqual({ status: "done", answer: '{"stored":1,"quote":"\\""}' });
      expect(await claim()).toEqual({ status: "done", answer: '{"stored":1,"quote":"\\""}' });
    });

    it("tells another request under the same key apart, at work and done", async () => {
      await harness.keys.claim(request, LONG_MS);
      const other = { fingerprint: print("another body") };
      expect(await claim(other)).toEqual({ status: "otherRequest" });
      await harness.keys.keep(request, "{}", LONG_MS);
      expect(await claim(other)).toEqual({ status: "otherRequest" });
    });

    it("keeps keys apart by token and by endpoint", async () => {
      await harness.keys.claim(request, LONG_MS);
      await harness.keys.keep(request, "{}", LONG_MS);
      expect(await claim({ tokenId: harness.tokenIds[1] })).toEqual({ status: "claimed" });
      expect(await claim({ endpoint: "POST auto-scaling" })).toEqual({ status: "claimed" });
    });

    it("is free again once released, for any request", async () => {
      await harness.keys.claim(request, LONG_MS);
      await harness.keys.release(request);
      expect(await claim({ fingerprint: print("corrected") })).toEqual({ status: "claimed" });
    });

    it("is free again when the claim has run out; who comes late neither keeps nor releases", async () => {
      await harness.keys.claim(request, SHORT_MS);
      await harness.elapse(2 * SHORT_MS);
      const next = { ...request, holder: randomUUID() };
      expect(await harness.keys.claim(next, LONG_MS)).toEqual({ status: "claimed" });
      await harness.keys.keep(request, '"late"', LONG_MS);
      await harness.keys.release(request);
      expect(await claim()).toMatchObject({ status: "running" });
      await harness.keys.keep(next, '"in time"', LONG_MS);
      expect(await claim()).toEqual({ status: "done", answer: '"in time"' });
    });

    it("is free again when the answer has run out", async () => {
      await harness.keys.claim(request, LONG_MS);
      await harness.keys.keep(request, "{}", SHORT_MS);
      await harness.elapse(2 * SHORT_MS);
      expect(await claim()).toEqual({ status: "claimed" });
    });

    it("a kept answer is not released", async () => {
      await harness.keys.claim(request, LONG_MS);
      await harness.keys.keep(request, "{}", LONG_MS);
      await harness.keys.release(request);
      expect(await claim()).toEqual({ status: "done", answer: "{}" });
    });
  });
}
