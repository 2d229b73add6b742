/**
 * What the books say of machines, shortage, waste and cost, for ticks as the functions write them, against numbers that a
 * person can add up. One machine carries 100 requests a minute here.
 */
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createPostgresHistory } from "../../src/adapters/postgres/history.ts";
import { createPostgresLeases } from "../../src/adapters/postgres/leases.ts";
import { createPostgresSamples } from "../../src/adapters/postgres/samples.ts";
import type { Machine, MachineSize, PoolKey } from "../../src/core/fleet.ts";
import { type Instant, MINUTE_MS } from "../../src/core/time.ts";
import type { History, Leases, PoolTick, Samples } from "../../src/ports.ts";
import { poolTick } from "../contracts/pool-ticks.ts";
import { machine, policy } from "../core/examples.ts";
import { type Database, describeOnEveryDatabase } from "../support/databases.ts";

const START = Date.UTC(2026, 5, 17, 9);
const SHARED: MachineSize = { cpuKind: "shared", cpus: 1, memoryMb: 256 };
const POLICY = policy({ requestsPerWorker: 100, minWorkers: 1, maxWorkers: 9 });

let db: Database;
let history: History;
let leases: Leases;
let samples: Samples;
let pool: PoolKey;
let apps = 0;

const at = (minute: number): Instant => START + minute * MINUTE_MS;
/** Six machines, of which so many are started. */
const machines = (started: number, size: MachineSize | null = SHARED): Machine[] =>
  Array.from({ length: 6 }, (_, i) =>
    machine(`${pool.app}-m${i}`, { size, state: i < started ? "started" : "stopped" }),
  );

/** A tick at a minute that finds so many machines; where `to` differs, it starts or stops some, and they do. */
async function tick(
  minute: number,
  found: number | null,
  changes: { to?: number; pool?: Partial<PoolTick>; close?: boolean; size?: MachineSize | null } = {},
): Promise<void> {
  const { to = found ?? 0, close = true, size = SHARED } = changes;
  const from = found ?? 0;
  const kind = to > from ? "grow" : to < from ? "shrink" : "hold";
  const actions = Array.from({ length: Math.abs(to - from) }, (_, i) => ({
    kind: to > from ? ("start" as const) : ("stop" as const),
    machineId: `${pool.app}-m${to > from ? from + i : from - 1 - i}`,
  }));
  const base = poolTick(pool, {
    policy: POLICY,
    machines: found === null ? null : machines(found, size),
    actions,
    predictions: [],
    ...changes.pool,
  });
  const decision = { ...base.decision, kind, from, to } as PoolTick["decision"];
  await slotOf(minute, {
    pools: [{ ...base, decision }],
    close,
    done: actions.map(({ machineId }) => machineId),
  });
}

type Slot = {
  readonly pools?: readonly PoolTick[];
  readonly retired?: readonly PoolKey[];
  /** Minute at which it is written, where the clock is not the slot's. */
  readonly writtenAt?: number;
  readonly close?: boolean;
  /** Of each intent, the machine on which it was done. */
  readonly done?: readonly string[];
};

/** A slot taken, opened and, unless it dies, closed with every intent done. */
async function slotOf(
  minute: number,
  { pools = [], retired = [], writtenAt = minute, close = true, done = [] }: Slot,
): Promise<void> {
  const answer = await leases.acquire(pool.app, at(minute), 60_000);
  if (answer.status !== "held") throw new Error(answer.status);
  const { lease } = answer;
  const facts = { lease, now: at(writtenAt), mode: "act", cadenceMs: 15 * MINUTE_MS, resolved: [] } as const;
  const intents = await history.openTick({ ...facts, pools, retired });
  if (!close) return leases.release(lease);
  const outcomes = intents.map(({ id }, i) => ({
    intentId: id,
    outcome: { status: "done" as const, machineId: done[i]!, evidence: "ok" },
  }));
  await history.closeTick({ lease, now: at(writtenAt), outcomes, summary: {} });
}

/** The same load in each minute of [from, until). */
const load = (from: number, until: number, requests: number) =>
  samples.store(
    Array.from({ length: until - from }, (_, i) => ({ pool, at: at(from + i), requests })),
    at(until),
  );

async function hour(start = 0): Promise<Record<string, number> | undefined> {
  while ((await db.asService`select flyahead.refresh_rollups() as done`)[0]?.done > 0);
  const [row] = await db.owner<Record<string, number>[]>`
    select s.observed_minutes::float8 as observed, s.machine_minutes::float8 as machine_minutes, s.usd, s.measured_minutes as measured, s.short_minutes as short,
      s.unserved_requests as unserved, s.idle_machine_minutes::float8 as idle, s.peak_need as need, s.right_intervals as right, s.over_intervals as over,
      s.under_intervals as under, s.decisions, s.grown, s.shrunk, s.flaps, s.actions_done as done, s.held_back_by as held
    from flyahead.scaling_1h s join flyahead.worker_regions w on w.id = s.pool_id
    where w.app = ${pool.app} and s.at = flyahead.instant(${at(start)})`;
  return row;
}

describeOnEveryDatabase("capacity and cost", (open) => {
  beforeAll(async () => {
    db = await open();
    history = createPostgresHistory(db.asService);
    leases = createPostgresLeases(db.asService);
    samples = createPostgresSamples(db.asService);
    await db.owner`insert into flyahead.settings (name, value) values ('simulated_now', '2026-06-19')`;
  });
  beforeEach(() => {
    apps += 1;
    pool = { app: `app-${apps}`, region: "fra", processGroup: "web" };
  });

  describe("an hour of a pool", () => {
    it("counts machines from tick to tick, and what they lacked or had too much", async () => {
      await tick(0, 2);
      await load(0, 30, 150);
      await tick(30, 2, { to: 3 });
      await load(30, 60, 350);
      await tick(60, 3);
      expect(await hour()).toMatchObject({
        observed: 60,
        machine_minutes: 30 * 2 + 30 * 3,
        measured: 60,
        short: 30,
        unserved: 30 * 50,
        idle: 0,
        need: 4,
        right: 6,
        over: 0,
        under: 6,
        decisions: 2,
        grown: 1,
        shrunk: 0,
        done: 1,
      });
    });

    it("calls idle what is beyond the minimum and the need, and over what is so all the time", async () => {
      await tick(0, 4);
      await load(0, 30, 150);
      await load(30, 60, 0);
      await tick(60, 4);
      expect(await hour()).toMatchObject({
        idle: 30 * 2 + 30 * 3,
        over: 12,
        right: 0,
        under: 0,
        short: 0,
        need: 2,
      });
    });

    it("knows nothing of the time after the last tick, and nothing of minutes that were not measured", async () => {
      await tick(0, 2);
      await load(0, 10, 150);
      await load(40, 60, 150);
      await tick(45, 2);
      expect(await hour()).toMatchObject({ observed: 45, machine_minutes: 90, measured: 15 });
      await tick(75, 2);
      expect(await hour()).toMatchObject({ observed: 60, machine_minutes: 120, measured: 30 });
    });

    it("is corrected by late samples, and counted once however often it is refreshed", async () => {
      await tick(0, 1);
      await load(0, 60, 50);
      await tick(60, 1);
      expect(await hour()).toMatchObject({ short: 0, unserved: 0 });
      await load(20, 25, 130);
      expect(await hour()).toMatchObject({ short: 5, unserved: 150, under: 1, right: 11, decisions: 1 });
      await load(20, 25, 50);
      expect(await hour()).toMatchObject({
        short: 0,
        unserved: 0,
        under: 0,
        decisions: 1,
        machine_minutes: 60,
      });
    });

    it("sees what a person changed when the next tick finds it", async () => {
      await tick(0, 3);
      await tick(15, 1);
      await tick(60, 1);
      expect(await hour()).toMatchObject({ machine_minutes: 15 * 3 + 45 });
    });

    it("keeps its machines through ticks that could not read the list, or died", async () => {
      await tick(0, 2);
      await tick(15, null);
      await tick(30, 2, { close: false });
      await tick(60, 2);
      expect(await hour()).toMatchObject({ observed: 60, machine_minutes: 120, decisions: 3 });
    });

    it("goes on over hours without ticks, as the machines do", async () => {
      await tick(0, 2);
      await tick(180, 2);
      expect(await hour(60)).toMatchObject({ observed: 60, machine_minutes: 120, decisions: 0 });
    });

    it("ends with the pool, and goes on with it", async () => {
      await tick(0, 2);
      await slotOf(15, { retired: [pool] });
      await tick(45, 1);
      await tick(60, 1);
      expect(await hour()).toMatchObject({ machine_minutes: 15 * 2 + 15 });
    });

    it("counts what was held back by which rule, and changes that took each other back", async () => {
      const constraint = { name: "cooldown", before: 1, after: 2, why: "" };
      const held = poolTick(pool).decision;
      await tick(0, 1, { to: 2 });
      await tick(15, 2, { to: 1 });
      await tick(30, 1, {
        pool: { decision: { ...held, constraints: [constraint] } as unknown as PoolTick["decision"] },
      });
      await tick(45, 1, { to: 2 });
      await tick(60, 2);
      expect(await hour()).toMatchObject({
        decisions: 4,
        grown: 2,
        shrunk: 1,
        flaps: 2,
        done: 3,
        held: expect.objectContaining({ cooldown: 1 }),
      });
    });

    it("does not mind a clock that went back", async () => {
      await tick(30, 2);
      await tick(45, 2);
      const pools = [poolTick(pool, { policy: POLICY, machines: machines(3), predictions: [] })];
      await slotOf(60, { pools, writtenAt: 40 });
      await tick(75, 3);
      expect((await hour())?.machine_minutes).toBeGreaterThan(50);
    });
  });

  describe("cost", () => {
    const listPrice = (size: { rate: number; cpus: number; gb: number }, factor: number) =>
      (factor * (size.rate * size.cpus + 5 * size.gb)) / 720;

    it("is Fly's list price by size and region", async () => {
      await tick(0, 2);
      await tick(60, 2);
      expect((await hour())?.usd).toBeCloseTo(2 * listPrice({ rate: 0.695, cpus: 1, gb: 0.25 }, 1.1538), 8);
    });

    it("is the pool's own price where it has one, and unknown where the size is", async () => {
      await tick(0, 2, { size: null });
      await tick(60, 2, { size: null });
      expect((await hour())?.usd).toBeNull();
      await db.owner`update flyahead.worker_regions set hourly_price = 0.5 where app = ${pool.app}`;
      await tick(61, 2, { size: null });
      await tick(120, 2, { size: null });
      await tick(180, 2, { size: null });
      expect((await hour(120))?.usd).toBeCloseTo(1, 8);
    });

    it("knows what a machine costs that was cloned in this very tick", async () => {
      await tick(0, 1, {
        pool: { machines: [machine(`${pool.app}-m0`, { size: SHARED })] },
      });
      const create = { kind: "create" as const, machineName: "clone", templateId: `${pool.app}-m0` };
      const pools = [
        poolTick(pool, { policy: POLICY, machines: machines(1), actions: [create], predictions: [] }),
      ];
      await slotOf(15, { pools, done: [`${pool.app}-new`] });
      await tick(60, 2);
      const price = listPrice({ rate: 0.695, cpus: 1, gb: 0.25 }, 1.1538);
      expect((await hour())?.usd).toBeCloseTo(price * (0.25 + 2 * 0.75), 8);
    });
  });

  describe("a day", () => {
    it("adds up its hours, and the views say what simpler policies would have cost", async () => {
      const day = Date.UTC(2026, 5, 17);
      const minutesBefore = -(START - day) / MINUTE_MS;
      await db.owner`insert into flyahead.worker_regions (app, region, process_group) values (${pool.app}, 'fra', 'web')`;
      await tick(minutesBefore, 2);
      await load(minutesBefore, minutesBefore + 24 * 60, 150);
      await load(0, 60, 450);
      await tick(0, 2, { to: 5 });
      await tick(60, 5, { to: 2 });
      await tick(minutesBefore + 24 * 60, 2);
      await hour();
      const [analytics] = await db.owner`
      select decisions, grown, shrunk, flaps, machine_hours::float8 as hours, observed_hours::float8 as observed, peak_need from flyahead_api.autoscaling_analytics
      where app = ${pool.app} and day = '2026-06-17'`;
      expect(analytics).toEqual({
        decisions: 3,
        grown: 1,
        shrunk: 1,
        flaps: 1,
        hours: 23 * 2 + 5,
        observed: 24,
        peak_need: 5,
      });
      const [fit] = await db.owner`
      select right_intervals, over_intervals, minutes_short, idle_machine_hours::float8 as idle, machine_hours_at_peak::float8 as at_peak, saved_usd_against_peak::float8 as saved
      from flyahead_api.scaling_efficiency where app = ${pool.app} and day = '2026-06-17'`;
      expect(fit).toMatchObject({
        right_intervals: 288,
        over_intervals: 0,
        minutes_short: 0,
        idle: 0,
        at_peak: 5 * 24,
      });
      expect(fit?.saved).toBeCloseTo(((5 * 24 - 51) * 1.1538 * (0.695 + 1.25)) / 720, 3);
    });
  });
});
