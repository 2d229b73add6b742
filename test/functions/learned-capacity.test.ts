// The real function over Postgres: machines whose cpu says that they carry half of what was given.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type FullRecord, redecide } from "../../src/core/tick-record.ts";
import { floorTo, formatInstant, MINUTE_MS } from "../../src/core/time.ts";
import { type Lab, startLab } from "../support/installation.ts";

let lab: Lab;
beforeAll(async () => {
  lab = await startLab({ shop: [{ region: "fra" }, { region: "fra", count: 3, state: "stopped" }] });
});
afterAll(() => lab.close());

/** A quarter of an hour; one machine's cpu is 80 % at 480 requests a minute. */
async function feed(load: (minute: number) => number): Promise<void> {
  const until = floorTo(lab.fly.now(), MINUTE_MS);
  const samples = Array.from({ length: 15 }, (_, i) => {
    const at = until - (15 - i) * MINUTE_MS;
    const requests = load(at / MINUTE_MS);
    return { app: "shop", region: "fra", at: formatInstant(at), requests, cpu: Math.min(1, requests / 600) };
  });
  const answer = await lab.call("traffic", { method: "POST", body: JSON.stringify(samples) });
  expect(answer.status).toBe(200);
}

test("what they carry is learned over hours, kept in the books, told, and planned with", async () => {
  lab.nextSlot();
  await lab.adopt("shop", { mode: "advise", requests_per_worker: 1_000 });
  const wave = (minute: number) => Math.round(20 + 430 * Math.sin((Math.PI * minute) / 97) ** 2);
  for (let slot = 0; slot < 20; slot++) {
    lab.nextSlot();
    await feed(wave);
    expect((await lab.tick("shop")).body.apps[0].status).toBe("done");
  }
  const [saved] = await lab.sql`
    select cold -> 'capacity' -> 'sizes' as sizes, hot -> 'watch' as watch, octet_length(hot::text) as hot_bytes
    from flyahead.forecast_state`;
  expect(Object.keys(saved?.sizes)).toHaveLength(1);
  expect(saved?.watch).toMatchObject({ workers: 1, since: expect.any(Number) });
  expect(saved?.hot_bytes).toBeLessThan(4_096);

  lab.nextSlot();
  await feed(() => 900);
  const { body } = await lab.tick("shop");
  expect(body.apps[0].pools[0]).toMatchObject({ kind: "grow", from: 1 });
  const [row] = await lab.sql<{ reason: string; record: FullRecord; need_now: number }[]>`
    select reason, record, need_now from flyahead.autoscaling_history order by id desc limit 1`;
  const { reason, record, need_now } = row!;
  expect(reason).toMatch(/; given 1000, learned \d{3} from cpu, 0\.\d\d sure/);
  expect(need_now).toBe(2);
  const { learned } = record.observation;
  expect(Math.abs(learned!.requestsPerWorker! / 480 - 1)).toBeLessThan(0.1);
  const pool = { app: "shop", region: "fra", processGroup: "app" };
  expect(redecide(pool, record).decision.reason).toBe(reason);
});
