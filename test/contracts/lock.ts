/**
 * What every form of Lock promises while it can be reached. Locks expire in real time; nothing here depends on how long
 * a call takes, only on what is true before and after.
 */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Lock } from "../../src/ports.ts";

export type LockHarness = { readonly lock: Lock; close?(): Promise<void> };

const LONG_MS = 60_000;
const SHORT_MS = 40;

export function describeLock(name: string, make: () => Promise<LockHarness>): void {
  describe(`lock: ${name}`, () => {
    let harness: LockHarness;
    let lock: Lock;
    let key: string;

    beforeAll(async () => {
      harness = await make();
      lock = harness.lock;
    });
    afterAll(() => harness?.close?.());
    beforeEach(() => {
      key = `lock:${randomUUID()}`;
    });

    it("is held by one token, and free again after its release", async () => {
      expect(await lock.acquire(key, "one", LONG_MS)).toBe("acquired");
      expect(await lock.acquire(key, "two", LONG_MS)).toBe("held");
      expect(await lock.release(key, "one")).toBe(true);
      expect(await lock.acquire(key, "two", LONG_MS)).toBe("acquired");
    });

    it("answers the holder's repeated request as the first one", async () => {
      expect(await lock.acquire(key, "one", LONG_MS)).toBe("acquired");
      expect(await lock.acquire(key, "one", LONG_MS)).toBe("acquired");
      expect(await lock.acquire(key, "two", LONG_MS)).toBe("held");
    });

    it("is released by its holder only, and once", async () => {
      await lock.acquire(key, "one", LONG_MS);
      expect(await lock.release(key, "two")).toBe(false);
      expect(await lock.acquire(key, "two", LONG_MS)).toBe("held");
      expect(await lock.release(key, "one")).toBe(true);
      expect(await lock.release(key, "one")).toBe(false);
    });

    it("is extended by its holder only, and for as long as is said", async () => {
      await lock.acquire(key, "one", LONG_MS);
      expect(await lock.extend(key, "one", LONG_MS)).toBe("extended");
      expect(await lock.extend(key, "two", LONG_MS)).toBe("lost");
      expect(await lock.acquire(`${key}:short`, "one", LONG_MS)).toBe("acquired");
      expect(await lock.extend(`${key}:short`, "one", SHORT_MS)).toBe("extended");
      await expect
        .poll(() => lock.acquire(`${key}:short`, "two", LONG_MS), { timeout: 20_000 })
        .toBe("acquired");
      expect(await lock.extend(`${key}:short`, "one", LONG_MS)).toBe("lost");
      expect(await lock.acquire(key, "two", LONG_MS)).toBe("held");
      expect(await lock.extend(`${key}:nothing`, "one", LONG_MS)).toBe("lost");
    });

    it("expires, and then the late holder cannot free the next one's lock", async () => {
      await lock.acquire(key, "slow", SHORT_MS);
      await expect.poll(() => lock.acquire(key, "next", LONG_MS), { timeout: 20_000 }).toBe("acquired");
      expect(await lock.release(key, "slow")).toBe(false);
      expect(await lock.acquire(key, "third", LONG_MS)).toBe("held");
    });

    it("keeps keys apart, and takes tokens that look like numbers, words or JSON as they are", async () => {
      for (const [index, token] of ["123", "1e3", "OK", '{"a":1}', "null", "T0s="].entries()) {
        expect(await lock.acquire(`${key}:${index}`, token, LONG_MS)).toBe("acquired");
        expect(await lock.acquire(`${key}:${index}`, token, LONG_MS)).toBe("acquired");
        expect(await lock.acquire(`${key}:${index}`, `${token} `, LONG_MS)).toBe("held");
        expect(await lock.release(`${key}:${index}`, token)).toBe(true);
      }
    });

    it("goes to exactly one of twenty who ask at once", async () => {
      const tokens = Array.from({ length: 20 }, (_, index) => `token-${index}`);
      const answers = await Promise.all(tokens.map((token) => lock.acquire(key, token, LONG_MS)));
      expect(answers.filter((answer) => answer === "acquired")).toHaveLength(1);
      expect(answers.filter((answer) => answer === "held")).toHaveLength(19);
    });
  });
}
