import { expect, test } from "vitest";
import type { Sql } from "../../../src/adapters/postgres/connect.ts";
import { createPostgresPoolStatuses } from "../../../src/adapters/postgres/pool-status.ts";
import { describePoolStatuses } from "../../contracts/pool-status.ts";
import { usePostgres } from "./harness.ts";

const make = usePostgres();

/** Pools, and decisions at 08:00, 08:15 and 08:30 of the first. */
async function fill(owner: Sql) {
  await owner`truncate flyahead.worker_regions, flyahead.ticks cascade`;
  const pools = await owner<{ id: number }[]>`
    insert into flyahead.worker_regions (app, region, process_group, effective_policy) values ('shop', 'fra', 'app',
      '{"minWorkers": 1, "maxWorkers": 4, "requestsPerWorker": 500, "quantile": 0.95, "leadSeconds": 60, "timeZone": "UTC"}'),
      ('shop', 'iad', 'app', null), ('blog', 'fra', 'app', null) returning id`;
  const [shopFra, shopIad, blogFra] = pools.map(({ id }) => id) as [number, number, number];
  for (const minute of ["00", "15", "30"]) {
    const slot = `2026-03-02 08:${minute}+00`;
    await owner`
      with t as (insert into flyahead.ticks (app, slot, attempt, fence, mode, opened_at) values ('shop', ${slot}, 1, 1, 'act', ${slot}) returning id),
      h as (insert into flyahead.autoscaling_history (tick_id, pool_id, slot, attempt, decided_at, mode, kind, from_workers, to_workers, need_now, quantile,
          confidence, constraints, reason, record)
        select id, ${shopFra}::integer, ${slot}, 1, ${slot}, 'act', 'grow', 1, 2, 2, 0.95, 0.5, '{bounds}', 'because', '{}' from t returning id)
      insert into flyahead.scaling_intents (history_id, pool_id, app, ordinal, kind, machine_id, opened_at, status, closed_at)
      select id, ${shopFra}::integer, 'shop', 0, 'start', 'm1', ${slot}, ${minute === "30" ? null : "done"}, ${minute === "30" ? null : slot} from h`;
  }
  return { shopFra, shopIad, blogFra };
}

describePoolStatuses("Postgres", async () => {
  const { owner, service } = await make();
  return { pools: createPostgresPoolStatuses(service), ids: await fill(owner) };
});

test("a pool's forecast is the newest tick's, its actions say what became of them", async () => {
  const { owner, service } = await make();
  const { shopFra, shopIad } = await fill(owner);
  for (const [made, load] of [
    ["08:00", "{1,2,3,4,5}"],
    ["08:15", "{10,20,30,40,50}"],
  ])
    await owner`
      insert into flyahead.traffic_predictions (pool_id, made_at, horizon_seconds, target_at, model, confidence, load)
      select ${shopFra}::integer, ('2026-03-02 ' || ${made!} || '+00')::timestamptz, h, '2026-03-02 10:00+00', 'experts', 0.5, ${load!}::text::real[] from unnest(array[604800, 900]) h`;
  const found = await createPostgresPoolStatuses(service).find(shopFra, null, 2);
  const at = Date.UTC(2026, 2, 2, 8, 15);
  expect(found).toMatchObject({
    policy: { minWorkers: 1, maxWorkers: 4, requestsPerWorker: 500, quantile: 0.95, leadSeconds: 60 },
    forecast: {
      ...{ madeAt: at, model: "experts", confidence: 0.5 },
      horizons: [
        { horizonMs: 900_000, at: Date.UTC(2026, 2, 2, 10), load: [10, 20, 30, 40, 50] },
        { horizonMs: 604_800_000 },
      ],
    },
    lastDecision: { kind: "grow", reason: "because", at: Date.UTC(2026, 2, 2, 8, 30) },
    decisions: [
      { slot: Date.UTC(2026, 2, 2, 8, 30), actions: [{ kind: "start", machineId: "m1", status: "open" }] },
      { slot: at, needNow: 2, needCovered: null, constraints: ["bounds"], actions: [{ status: "done" }] },
    ],
  });
  expect(Object.keys(found!.policy!), "no more of the policy than is shown").toHaveLength(5);
  expect(await createPostgresPoolStatuses(service).find(shopIad, null, 2)).toMatchObject({
    ...{ policy: null, forecast: null, decisions: [], lastDecision: null, load: null, bounds: null },
    machines: { started: 0, stopped: 0, other: 0, failing: 0 },
  });
});

test("a retired pool is not in use", async () => {
  const { owner, service } = await make();
  const { shopFra } = await fill(owner);
  await owner`update flyahead.worker_regions set retired_at = now() where id = ${shopFra}`;
  const pools = createPostgresPoolStatuses(service);
  expect((await pools.list(["shop"])).map(({ pool }) => pool.region)).toEqual(["iad"]);
  expect(await pools.find(shopFra, null, 1)).toBeNull();
});
