/**
 * What every form of Pulls promises: progress is what was last written, and of two who write at once one is told so. That
 * finishing has forecasters learn anew is seen in test/tick/pull-samples.test.ts, and on Postgres in test/backfill/.
 */
import { beforeEach, describe, expect, it } from "vitest";
import { DAY_MS, HOUR_MS } from "../../src/core/time.ts";
import type { PullProgress, Pulls } from "../../src/ports.ts";

export type PullsHarness = { readonly pulls: Pulls };

const NOW = Date.UTC(2026, 5, 17, 12, 0);

let apps = 0;

export function describePulls(name: string, make: () => Promise<PullsHarness>): void {
  describe(`pulls: ${name}`, () => {
    let pulls: Pulls;
    let first: PullProgress;

    beforeEach(async () => {
      pulls = (await make()).pulls;
      apps += 1;
      const wantedFrom = NOW - 15 * DAY_MS;
      first = {
        app: `pulls-app-${apps}`,
        wantedFrom,
        filledFrom: NOW - HOUR_MS,
        liveUntil: NOW,
        finishedAt: null,
      };
    });

    it("knows nothing of an app before its first pull, then what was written", async () => {
      expect(await pulls.recall(first.app)).toBeNull();
      expect(await pulls.advance(null, first, NOW)).toBe(true);
      expect(await pulls.recall(first.app)).toEqual(first);
      expect(await pulls.recall(`${first.app}-other`)).toBeNull();
    });

    it("moves on from what was read, in both directions", async () => {
      await pulls.advance(null, first, NOW);
      const older = { ...first, filledFrom: first.filledFrom - 6 * HOUR_MS };
      expect(await pulls.advance(first, older, NOW + 1)).toBe(true);
      const newer = { ...older, liveUntil: older.liveUntil + HOUR_MS };
      expect(await pulls.advance(older, newer, NOW + 2)).toBe(true);
      expect(await pulls.recall(first.app)).toEqual(newer);
    });

    it("lets only one of two begin, and only one of two move on", async () => {
      const begun = await Promise.all([pulls.advance(null, first, NOW), pulls.advance(null, first, NOW)]);
      expect(begun.sort()).toEqual([false, true]);
      const moves = [2, 3].map((hours) => ({ ...first, filledFrom: first.filledFrom - hours * HOUR_MS }));
      const moved = await Promise.all(moves.map((after) => pulls.advance(first, after, NOW)));
      expect(moved.sort()).toEqual([false, true]);
      expect(moves).toContainEqual(await pulls.recall(first.app));
    });

    it("finishes what is still as it was read, and can begin anew after that", async () => {
      await pulls.advance(null, first, NOW);
      const older = { ...first, filledFrom: first.wantedFrom };
      await pulls.advance(first, older, NOW);
      expect(await pulls.finish(first, NOW + 1)).toBe(false);
      expect(await pulls.finish(older, NOW + 2)).toBe(true);
      const finished = { ...older, finishedAt: NOW + 2 };
      expect(await pulls.recall(first.app)).toEqual(finished);
      const again = { ...older, filledFrom: NOW + DAY_MS, liveUntil: NOW + DAY_MS, finishedAt: null };
      expect(await pulls.advance(finished, again, NOW + DAY_MS)).toBe(true);
      expect(await pulls.recall(first.app)).toEqual(again);
    });
  });
}
