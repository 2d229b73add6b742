/**
 * How flyahead is: alive, ready, and each pool with its forecast, plan and last decisions. For people, monitors and a
 * dashboard. `/health` and the description are open; everything else takes a token with scope read and shows its apps only.
 */
import { z } from "zod";
import type { Cache, Caller, PoolStatuses } from "../ports.ts";
import { readLatestPlan } from "./latest-plan.ts";
import { describeApi } from "./openapi.ts";
import type { Probed } from "./probe.ts";
import { Problem } from "./problem.ts";
import { type Endpoint, endpoint, type Route } from "./route.ts";
import { wholeNumber } from "./shapes.ts";
import { poolDetailAnswer, poolDetailShape, poolStatusAnswer, poolStatusShape } from "./status-shapes.ts";
import { TICK } from "./tick.ts";
import { READ_SERIES, SEND_SAMPLES } from "./traffic.ts";

const MOST_DECISIONS = 100;

export const HEALTH = {
  method: "GET",
  path: "/health",
  scope: null,
  summary: "Whether the function runs; it asks nobody",
  answer: z.object({ status: z.literal("alive") }),
  problems: [],
} as const satisfies Route;

const dependency = z.object({
  name: z.string(),
  required: z.boolean().describe("false: flyahead does without for a while"),
  isUp: z.boolean().nullable().describe("null: not asked; its breakers tell how the last calls went"),
  latencyMs: z.number().min(0).nullable(),
  breakers: z
    .record(z.string(), z.enum(["CLOSED", "OPEN", "HALF_OPEN", "FORCED_OPEN", "METRICS_ONLY", "DISABLED"]))
    .describe("the breakers before it as the last tick left them; of apps, the token's alone"),
});
const count = z.int().min(0);
const cacheStats = z
  .object({ hits: count, misses: count, sets: count, failures: count })
  .describe("the cache of latest plans, as this running copy of the function has used it");

export const READY = {
  method: "GET",
  path: "/ready",
  scope: "read",
  summary: "Whether what flyahead depends on answers, and how fast; looked at every five seconds at most",
  answer: z.object({ status: z.literal("ready"), dependencies: z.array(dependency), cache: cacheStats }),
  problems: ["not-ready"],
} as const satisfies Route;

export const POOLS = {
  method: "GET",
  path: "/pools",
  scope: "read",
  summary: "Every pool of the token's apps as it stands",
  query: z.strictObject({
    app: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,63}$/)
      .optional()
      .describe("only this app's"),
  }),
  answer: z.object({ pools: z.array(poolStatusShape) }),
  problems: [],
} as const satisfies Route;

export const POOL = {
  method: "GET",
  path: "/pools/:id",
  scope: "read",
  summary: "One pool: what is foreseen, what it needs, and what was decided last and why",
  params: z.strictObject({
    id: z
      .string()
      .regex(/^[1-9][0-9]{0,8}$/)
      .transform(Number),
  }),
  query: z.strictObject({
    decisions: wholeNumber(0, MOST_DECISIONS, 10).describe("how many, at most"),
  }),
  answer: poolDetailShape,
  problems: ["not-found"],
} as const satisfies Route;

export const DESCRIPTION = {
  method: "GET",
  path: "/openapi.json",
  scope: null,
  summary: "This description",
  answer: z.looseObject({ openapi: z.string() }),
  problems: [],
} as const satisfies Route;

/** Every function with its routes: what is described. */
export const FUNCTIONS = {
  "auto-scaling": [TICK],
  traffic: [SEND_SAMPLES, READ_SERIES],
  status: [HEALTH, READY, POOLS, POOL, DESCRIPTION],
} as const satisfies Readonly<Record<string, readonly Route[]>>;

export type StatusTools = {
  readonly pools: PoolStatuses;
  readonly cache: Cache;
  readonly probe: () => Promise<readonly Probed[]>;
};

export function statusEndpoints({ pools, cache, probe }: StatusTools): Endpoint[] {
  const description = describeApi(FUNCTIONS);
  const json = JSON.stringify(description);
  return [
    endpoint(HEALTH, async () => ({ body: { status: "alive" } })),
    endpoint(DESCRIPTION, async () => ({ body: description, json })),
    endpoint(READY, async ({ caller }) => {
      const dependencies = (await probe()).map((one) => ({ ...one, breakers: seenBy(caller, one.breakers) }));
      const away = dependencies
        .filter(({ required, isUp }) => required && isUp === false)
        .map(({ name }) => name);
      if (away.length === 0) return { body: { status: "ready", dependencies, cache: cache.stats() } };
      throw new Problem("not-ready", `Away: ${away.join(", ")}; ticks and samples fail until it is back`, {
        more: { dependencies },
      });
    }),
    endpoint(POOLS, async ({ caller, query }) => {
      const found = await pools.list(caller.apps);
      const asked = found.filter(({ pool }) => query.app === undefined || pool.app === query.app);
      return { body: { pools: asked.map(poolStatusAnswer) } };
    }),
    endpoint(POOL, async ({ caller, params, query }) => {
      // One decision at least: a plan that is older than it is not shown.
      const pool = await pools.find(params.id, caller.apps, Math.max(1, query.decisions));
      if (pool !== null) {
        const latest = await readLatestPlan(cache, pool);
        const decisions = pool.decisions.slice(0, query.decisions);
        return { body: poolDetailAnswer({ ...pool, decisions }, latest) };
      }
      throw new Problem(
        "not-found",
        `There is no pool ${params.id} among this token's apps; /pools lists them`,
      );
    }),
  ];
}

/** The breakers of Fly's tokens bear apps' names. */
function seenBy({ apps }: Caller, breakers: Probed["breakers"]): Probed["breakers"] {
  if (apps === null) return breakers;
  const seen = Object.entries(breakers).filter(([name]) => {
    const app = /^fly:access:(.*)$/.exec(name)?.[1];
    return app === undefined || apps.includes(app);
  });
  return Object.fromEntries(seen);
}
