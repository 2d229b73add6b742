/**
 * What every form of Experts promises: one answer per question, in order; a good one as it was said, put right where that is
 * harmless; and no exception, whatever the forecaster does.
 */
import { beforeEach, describe, expect, it } from "vitest";
import type { PoolKey } from "../../src/core/fleet.ts";
import { MINUTE_MS } from "../../src/core/time.ts";
import type { ExpertAnswer, ExpertRequest, Experts } from "../../src/ports.ts";
import { NOW } from "../core/examples.ts";

/** What the forecaster behind the port says of a pool; null: nothing. A throw is a forecaster that breaks. */
export type Script = (
  pool: Pick<PoolKey, "region" | "processGroup">,
) => { madeAt: number; start: number; load: number[][] } | null;

export type ExpertsHarness = {
  /** Called "oracle", model "o-1". */
  readonly experts: Experts;
  script(say: Script): void;
};

const BIN_MS = 5 * MINUTE_MS;
const QUANTILES = [0.1, 0.5, 0.95];

export function expertRequest(regions: readonly string[] = ["fra", "iad"]): ExpertRequest {
  return {
    app: "shop",
    now: NOW + MINUTE_MS,
    from: NOW,
    binMs: BIN_MS,
    bins: 3,
    quantiles: QUANTILES,
    pools: regions.map((region) => ({
      pool: { app: "shop", region, processGroup: "web" },
      timeZone: "Europe/Berlin",
      recent: { start: NOW - 3 * BIN_MS, binMs: BIN_MS, values: [5, Number.NaN, 7] },
    })),
  };
}

/** Three bins, ten times as much in iad. */
export const curvesOf = (region: string) =>
  [1, 2, 4].map((factor) => [10, 11, 12].map((load) => load * factor * (region === "iad" ? 10 : 1)));

export const sound: Script = ({ region }) => ({ madeAt: NOW, start: NOW, load: curvesOf(region) });

export const statusesOf = (answers: readonly ExpertAnswer[]) => answers.map(({ status }) => status);

export function describeExperts(name: string, make: () => Promise<ExpertsHarness>): void {
  describe(`experts: ${name}`, () => {
    let harness: ExpertsHarness;
    beforeEach(async () => {
      harness = await make();
    });

    it("answers each pool with what was said of it, who said it, and at which quantiles", async () => {
      harness.script(sound);
      const answers = await harness.experts.ask(expertRequest());
      expect(answers).toEqual(
        ["fra", "iad"].map((region) => ({
          status: "answered",
          forecast: {
            name: "oracle",
            model: "o-1",
            madeAt: NOW,
            start: NOW,
            binMs: BIN_MS,
            quantiles: QUANTILES,
            load: curvesOf(region),
          },
        })),
      );
    });

    it("a pool of which nothing is said is missing, and the others are answered", async () => {
      harness.script((pool) => (pool.region === "fra" ? null : sound(pool)));
      const answers = await harness.experts.ask(expertRequest());
      expect(statusesOf(answers)).toEqual(["missing", "answered"]);
      expect(answers[0]).toMatchObject({ why: expect.stringMatching(/said nothing of this pool/) });
    });

    it("a forecaster that breaks is missing for every pool, with a reason and without an exception", async () => {
      harness.script(() => {
        throw new Error("out of memory");
      });
      const answers = await harness.experts.ask(expertRequest());
      expect(statusesOf(answers)).toEqual(["missing", "missing"]);
      for (const answer of answers) expect(answer).toMatchObject({ why: expect.stringMatching(/.../) });
    });

    it("no question, no answer", async () => {
      harness.script(sound);
      expect(await harness.experts.ask(expertRequest([]))).toEqual([]);
    });

    it("asked twice at once it answers both", async () => {
      harness.script(sound);
      const both = await Promise.all([
        harness.experts.ask(expertRequest(["fra"])),
        harness.experts.ask(expertRequest(["iad"])),
      ]);
      expect(both.flat()).toMatchObject([
        { forecast: { load: curvesOf("fra") } },
        { forecast: { load: curvesOf("iad") } },
      ]);
    });
  });
}
