import { expect, it } from "vitest";
import { DAY_MS, MINUTE_MS } from "../../../src/core/time.ts";
import { describePulls } from "../../contracts/pulls.ts";
import { usePostgres } from "./harness.ts";

const open = usePostgres();
describePulls("Postgres", open);

const NOW = Date.now();
const AT = Math.floor(NOW / DAY_MS) * DAY_MS - DAY_MS;

it("finishing takes the app's forecast states away, and no others", async () => {
  const { pulls, owner, addPool } = await open();
  for (const app of ["done", "other"]) await addPool({ app, region: "fra", processGroup: "web" });
  await owner`insert into flyahead.forecast_state (pool_id, hot, saved_at) select id, '{}', now() from flyahead.worker_regions`;
  const progress = { app: "done", wantedFrom: AT, filledFrom: AT, liveUntil: NOW, finishedAt: null };
  await pulls.advance(null, progress, NOW);
  await pulls.finish(progress, NOW);
  const left = await owner`
    select w.app from flyahead.forecast_state f join flyahead.worker_regions w on w.id = f.pool_id where w.app in ('done', 'other')`;
  expect(left.map(({ app }) => app)).toEqual(["other"]);
});

it("an import takes pulled minutes over, and a later pull leaves them", async () => {
  const { samples, owner, addPool } = await open();
  const pool = { app: "imported", region: "fra", processGroup: "web" };
  await addPool(pool);
  const pull = [0, 1].map((minute) => ({ pool, at: AT + minute * MINUTE_MS, requests: 10 }));
  await samples.storePulled(pull, NOW);
  await owner`
    select flyahead.import_traffic(${`select to_timestamp(${AT / 1000}) as at, 77 as requests`}, p_app => 'imported',
      p_region => 'fra', p_process_group => 'web')`;
  const again = pull.map((sample) => ({ ...sample, requests: 11 }));
  expect(await samples.storePulled(again, NOW + 1)).toMatchObject({ changed: 1 });
  const found = await samples.read(pool, AT, AT + DAY_MS);
  expect(found.map(({ requests }) => requests)).toEqual([77, 11]);
});

it("what was pulled is noted for the rollups, and only what changed", async () => {
  const { samples, owner, addPool } = await open();
  const pool = { app: "noted", region: "fra", processGroup: "web" };
  await addPool(pool);
  const notes = async () => {
    const [row] = await owner<{ count: number }[]>`
      select count(*)::integer from flyahead.rollup_queue q join flyahead.worker_regions w on w.id = q.pool_id where w.app = 'noted'`;
    return row!.count;
  };
  const pull = [{ pool, at: AT, requests: 10 }];
  await samples.storePulled(pull, NOW);
  expect(await notes()).toBe(1);
  await samples.storePulled(pull, NOW + 1);
  expect(await notes()).toBe(1);
});
