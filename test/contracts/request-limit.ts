/**
 * What every form of RequestLimit promises while it can be reached. The harness allows six requests a minute, and its
 * clock stands still but for `advance`.
 */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { MINUTE_MS } from "../../src/core/time.ts";
import type { RequestLimit } from "../../src/ports.ts";

export const CONTRACT_REQUESTS_PER_MINUTE = 6;
/** On the minute; later than anything that a run has left in a store. */
export const CONTRACT_START = Date.UTC(2031, 0, 1);

export type RequestLimitHarness = {
  readonly limit: RequestLimit;
  now(): number;
  advance(ms: number): void;
  close?(): Promise<void>;
};

export function describeRequestLimit(name: string, make: () => Promise<RequestLimitHarness>): void {
  describe(`request limit: ${name}`, () => {
    let harness: RequestLimitHarness;
    let key: string;

    beforeAll(async () => {
      harness = await make();
    });
    afterAll(() => harness?.close?.());
    beforeEach(() => {
      key = randomUUID();
      harness.advance(MINUTE_MS - (harness.now() % MINUTE_MS));
    });

    async function takeMany(count: number, from = key): Promise<boolean[]> {
      const allowed: boolean[] = [];
      for (let i = 0; i < count; i++) allowed.push((await harness.limit.take(from)).allowed);
      return allowed;
    }

    const count = (allowed: boolean[]) => allowed.filter(Boolean).length;

    it("allows as many as the limit, then refuses", async () => {
      expect(await takeMany(8)).toEqual([true, true, true, true, true, true, false, false]);
    });

    it("says how many are left and when the window ends", async () => {
      const start = harness.now();
      const first = await harness.limit.take(key);
      expect(first).toEqual({ allowed: true, limit: 6, remaining: 5, resetAt: start + MINUTE_MS });
      await takeMany(5);
      const last = await harness.limit.take(key);
      expect(last).toEqual({ allowed: false, limit: 6, remaining: 0, resetAt: start + MINUTE_MS });
    });

    it("counts each key by itself", async () => {
      await takeMany(6);
      expect(await takeMany(1)).toEqual([false]);
      expect(await takeMany(1, `${key}-other`)).toEqual([true]);
    });

    it("lets the last minute out of sight slowly, not at once", async () => {
      await takeMany(6);
      harness.advance(MINUTE_MS);
      expect(count(await takeMany(2))).toBe(0);
      harness.advance(MINUTE_MS / 2);
      expect(count(await takeMany(8))).toBe(3);
    });

    it("has forgotten everything after two minutes", async () => {
      await takeMany(6);
      harness.advance(2 * MINUTE_MS);
      expect(count(await takeMany(8))).toBe(6);
    });

    it("allows no more than the limit to twenty who ask at once", async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => harness.limit.take(key)));
      expect(count(answers.map(({ allowed }) => allowed))).toBe(6);
    });
  });
}
