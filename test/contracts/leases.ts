/**
 * What every form of Leases promises. Expiry is real time: `elapse` waits for it or moves it, as the form needs.
 */
import { beforeEach, describe, expect, it } from "vitest";
import { DAY_MS, MINUTE_MS } from "../../src/core/time.ts";
import type { History, Lease, Leases } from "../../src/ports.ts";

export type LeasesHarness = {
  readonly leases: Leases;
  /** Over the same store: closeTick is what closes a slot. */
  readonly history: History;
  /** Comes back when `ms` have gone by, in the time by which leases expire. */
  elapse(ms: number): Promise<void>;
};

const SLOT = Date.UTC(2026, 5, 17, 12, 0);
const NEXT_SLOT = SLOT + 15 * MINUTE_MS;
const LONG_MS = 60_000;
const SHORT_MS = 300;
const PAST_SHORT_MS = 400;

let apps = 0;

export function describeLeases(name: string, make: () => Promise<LeasesHarness>): void {
  describe(`leases: ${name}`, () => {
    let harness: LeasesHarness;
    let app: string;

    beforeEach(async () => {
      harness = await make();
      apps += 1;
      app = `leases-app-${apps}`;
    });

    const acquire = (slot = SLOT, ttlMs = LONG_MS) => harness.leases.acquire(app, slot, ttlMs);

    async function hold(slot = SLOT, ttlMs = LONG_MS): Promise<Lease> {
      const answer = await acquire(slot, ttlMs);
      if (answer.status !== "held") throw new Error(`expected a held lease, got ${answer.status}`);
      return answer.lease;
    }

    const close = (lease: Lease) =>
      harness.history.closeTick({ lease, now: SLOT, outcomes: [], summary: {} });

    it("gives a free app's lease as the first attempt of its slot", async () => {
      const lease = await hold();
      expect(lease).toEqual({ app, slot: SLOT, attempt: 1, fence: expect.any(Number) });
      expect(await harness.leases.isHeld(lease)).toBe(true);
    });

    it("answers busy, and for how long, while another holds it, whatever the slot", async () => {
      await hold();
      for (const slot of [SLOT, NEXT_SLOT]) {
        const answer = await acquire(slot);
        if (answer.status !== "busy") throw new Error(`expected busy, got ${answer.status}`);
        expect(answer.retryAfterMs).toBeGreaterThan(0);
        expect(answer.retryAfterMs).toBeLessThanOrEqual(LONG_MS);
      }
    });

    it("keeps apps apart", async () => {
      await hold();
      const other = await harness.leases.acquire(`${app}-other`, SLOT, LONG_MS);
      expect(other.status).toBe("held");
    });

    it("gives one slot to exactly one of twenty that ask at once", async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => acquire()));
      const count = (status: string) => answers.filter((answer) => answer.status === status).length;
      expect([count("held"), count("busy")]).toEqual([1, 19]);
    });

    it("gives an expired lease to exactly one of twenty that ask at once", async () => {
      const dead = await hold(SLOT, SHORT_MS);
      await harness.elapse(PAST_SHORT_MS);
      const answers = await Promise.all(Array.from({ length: 20 }, () => acquire()));
      const held = answers.flatMap((answer) => (answer.status === "held" ? [answer.lease] : []));
      expect(held).toHaveLength(1);
      expect(held[0]).toMatchObject({ attempt: 2, fence: dead.fence + 1 });
    });

    it("is not held any more once it has expired, and is taken as the next attempt", async () => {
      const dead = await hold(SLOT, SHORT_MS);
      await harness.elapse(PAST_SHORT_MS);
      expect(await harness.leases.isHeld(dead)).toBe(false);
      const next = await hold();
      expect(next).toMatchObject({ slot: SLOT, attempt: 2 });
      expect(next.fence).toBeGreaterThan(dead.fence);
      expect(await harness.leases.isHeld(dead)).toBe(false);
      expect(await harness.leases.isHeld(next)).toBe(true);
    });

    it("is free at once when its holder releases it, with the slot still open", async () => {
      const first = await hold();
      await harness.leases.release(first);
      expect(await harness.leases.isHeld(first)).toBe(false);
      expect(await hold()).toMatchObject({ slot: SLOT, attempt: 2, fence: first.fence + 1 });
    });

    it("ignores a release with an old fence", async () => {
      const first = await hold();
      await harness.leases.release(first);
      const second = await hold();
      await harness.leases.release(first);
      expect(await harness.leases.isHeld(second)).toBe(true);
      expect((await acquire()).status).toBe("busy");
    });

    it("counts attempts from one again in a new slot", async () => {
      await harness.leases.release(await hold());
      await harness.leases.release(await hold());
      expect(await hold(NEXT_SLOT)).toMatchObject({ slot: NEXT_SLOT, attempt: 1, fence: 3 });
    });

    it("answers closed for a closed slot and all before it, and frees the app for the next", async () => {
      const lease = await hold();
      await close(lease);
      expect(await harness.leases.isHeld(lease)).toBe(false);
      for (const slot of [SLOT, SLOT - 15 * MINUTE_MS, SLOT - DAY_MS])
        expect(await acquire(slot)).toEqual({ status: "closed" });
      expect(await hold(NEXT_SLOT)).toMatchObject({ attempt: 1, fence: lease.fence + 1 });
    });

    it("answers closed for a closed slot also while a later one is held", async () => {
      await close(await hold());
      await hold(NEXT_SLOT);
      expect(await acquire(SLOT)).toEqual({ status: "closed" });
    });

    it("answers closed for a slot that a later one has passed", async () => {
      await harness.leases.release(await hold(SLOT));
      await harness.leases.release(await hold(NEXT_SLOT));
      expect(await acquire(SLOT)).toEqual({ status: "closed" });
    });

    it("only ever raises the fence, over expiries, releases and closes", async () => {
      const fences: number[] = [];
      for (let i = 0; i < 3; i++) {
        const released = await hold(SLOT + i * MINUTE_MS);
        await harness.leases.release(released);
        const closed = await hold(SLOT + i * MINUTE_MS);
        await close(closed);
        fences.push(released.fence, closed.fence);
      }
      const expired = await hold(NEXT_SLOT, SHORT_MS);
      await harness.elapse(PAST_SHORT_MS);
      fences.push(expired.fence, (await hold(NEXT_SLOT)).fence);
      expect(fences).toEqual([...fences].sort((a, b) => a - b));
      expect(new Set(fences).size).toBe(fences.length);
    });

    it("does not hold a lease of an app that was never asked for", async () => {
      const lease = { app, slot: SLOT, attempt: 1, fence: 1 };
      expect(await harness.leases.isHeld(lease)).toBe(false);
      await harness.leases.release(lease);
      expect(await hold()).toMatchObject({ attempt: 1 });
    });
  });
}
