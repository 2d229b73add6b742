/**
 * What Samples and History promise together: a sample that is written after the forecaster learned its bin is told to the
 * next tick, and told again until a tick has learned it, and everything that came meanwhile.
 */
import { beforeEach, describe, expect, it } from "vitest";
import type { PoolKey } from "../../src/core/fleet.ts";
import { type Instant, MINUTE_MS } from "../../src/core/time.ts";
import type { LateSamples, PoolSample, PoolTick } from "../../src/ports.ts";
import { NOW } from "../core/examples.ts";
import type { HistoryHarness } from "./history.ts";
import { poolTick } from "./pool-ticks.ts";
import type { PullsHarness } from "./pulls.ts";
import type { SamplesHarness } from "./samples.ts";

export type LateHarness = Pick<HistoryHarness, "history" | "leases"> &
  Pick<SamplesHarness, "samples"> &
  Pick<PullsHarness, "pulls">;

let apps = 0;

export function describeLateSamples(name: string, make: () => Promise<LateHarness>): void {
  describe(`late samples: ${name}`, () => {
    let harness: LateHarness;
    let fra: PoolKey;
    let iad: PoolKey;
    let slot: Instant;
    /** The example's state has learned all before it. */
    const learned = poolTick({ app: "", region: "", processGroup: "" }).hot!.through;

    beforeEach(async () => {
      harness = await make();
      apps += 1;
      fra = { app: `late-app-${apps}`, region: "fra", processGroup: "web" };
      iad = { ...fra, region: "iad" };
      slot = NOW;
      await tick();
    });

    async function tick(changes: Partial<PoolTick> = {}): Promise<void> {
      slot += 15 * MINUTE_MS;
      const answer = await harness.leases.acquire(fra.app, slot, 60_000);
      if (answer.status !== "held") throw new Error(`expected a held lease, got ${answer.status}`);
      const pools = [poolTick(fra, changes), poolTick(iad, { hot: null })];
      const rest = { mode: "act", cadenceMs: 900_000, resolved: [], retired: [] } as const;
      await harness.history.openTick({ lease: answer.lease, now: slot, pools, ...rest });
      await harness.history.closeTick({ lease: answer.lease, now: slot, outcomes: [], summary: {} });
    }

    async function lateOf(pool: PoolKey): Promise<LateSamples | undefined> {
      const memories = await harness.history.recall(pool.app, slot);
      return memories.find((memory) => memory.pool.region === pool.region)?.late;
    }

    const sample = (minute: number, requests = 100, pool = fra): PoolSample => {
      return { pool, at: learned + minute * MINUTE_MS, requests };
    };
    const at = (minute: number) => NOW + minute * MINUTE_MS + 0.5;

    it("tells nothing of what comes in time, or of a pool that has learned nothing", async () => {
      await harness.samples.store([sample(0), sample(7), sample(-30, 100, iad)], at(8));
      await harness.samples.storePulled([sample(1), sample(-31, 100, iad)], at(8));
      expect([await lateOf(fra), await lateOf(iad)]).toEqual([undefined, undefined]);
    });

    it("tells the oldest, how many, and since when", async () => {
      await harness.samples.store([sample(2), sample(-3), sample(-40), sample(-5, 100, iad)], at(1));
      expect(await lateOf(fra)).toMatchObject({ since: learned - 40 * MINUTE_MS, samples: 2 });
      expect(Math.abs((await lateOf(fra))!.notedAt - at(1))).toBeLessThan(1);
      await harness.samples.store([sample(-60)], at(2));
      await harness.samples.store([sample(-1)], at(3));
      expect(await lateOf(fra)).toMatchObject({ since: learned - 60 * MINUTE_MS, samples: 4 });
      expect(Math.abs((await lateOf(fra))!.notedAt - at(1))).toBeLessThan(1);
      expect(await lateOf(iad)).toBeUndefined();
    });

    it("tells what was corrected", async () => {
      await harness.samples.store([sample(-10)], at(1));
      await tick({ lateLearned: 1 });
      await harness.samples.store([sample(-10, 900)], at(2));
      expect(await lateOf(fra)).toMatchObject({ since: learned - 10 * MINUTE_MS, samples: 1 });
    });

    it("tells pulled minutes only where they change something", async () => {
      const pulled = [sample(-10), sample(-9), sample(3)];
      await harness.samples.storePulled(pulled, at(1));
      expect(await lateOf(fra)).toMatchObject({ samples: 2 });
      await tick({ lateLearned: 2 });
      await harness.samples.storePulled(pulled, at(2));
      expect(await lateOf(fra), "pulled again").toBeUndefined();
      await harness.samples.storePulled([sample(-10), sample(-9, 7), sample(3)], at(3));
      expect(await lateOf(fra)).toMatchObject({ since: learned - 9 * MINUTE_MS, samples: 1 });
      await harness.samples.store([sample(-9, 8)], at(4));
      await tick({ lateLearned: 2 });
      await harness.samples.storePulled([sample(-9, 7)], at(5));
      expect(await lateOf(fra), "never over what was sent").toBeUndefined();
    });

    it("tells nothing more where all is learned anew", async () => {
      await harness.samples.store([sample(-10)], at(1));
      const progress = { app: fra.app, wantedFrom: NOW, filledFrom: NOW, liveUntil: NOW, finishedAt: null };
      await harness.pulls.advance(null, progress, NOW);
      expect(await harness.pulls.finish(progress, NOW)).toBe(true);
      expect(await lateOf(fra)).toBeUndefined();
      await harness.samples.store([sample(-9)], at(2));
      expect(await lateOf(fra)).toBeUndefined();
    });

    it("tells it again after a tick that learned none of it, and after one that did not know of all", async () => {
      await harness.samples.store([sample(-10), sample(-9)], at(1));
      await tick();
      expect(await lateOf(fra)).toMatchObject({ samples: 2 });
      await harness.samples.store([sample(-8)], at(2));
      await tick({ lateLearned: 2 });
      expect(await lateOf(fra)).toMatchObject({ since: learned - 10 * MINUTE_MS, samples: 3 });
      await tick({ lateLearned: 3 });
      expect(await lateOf(fra)).toBeUndefined();
    });
  });
}
