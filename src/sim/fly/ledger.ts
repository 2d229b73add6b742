/**
 * What each minute cost and whether it was enough: one row for each pool and whole minute.
 *
 * A pool's meter integrates two counts over time, machines in `started` (Fly bills those, also while the app inside still
 * boots) and machines that serve (started, checks passing, not cordoned). It is settled only when a count changes
 * and when the minute ends, so a row costs the same with one machine or a thousand.
 *
 * Example: 500 requests a machine-minute, one machine serving all minute, a second one for its last 15 s, demand 700.
 * serving 1.25, capacity 625, short, 75 unserved. The trap: an average forgives a gap inside the minute, which is
 * why the minute is short and the reports count minutes.
 */
import type { LedgerRow, Machine, PoolMeter, World } from "./world.ts";

export const MINUTE_MS = 60_000;

/** The process group that Fly's metadata names; "app" when none is named. */
export function processGroupOf(machine: Machine): string {
  const metadata = machine.config.metadata;
  return metadata?.fly_process_group ?? metadata?.process_group ?? "app";
}

export function isServing(machine: Machine): boolean {
  return machine.state === "started" && machine.ready && !machine.cordoned;
}

/** Brings the counts up to date with one machine. Call after every change of state, checks, cordon or metadata. */
export function recount(world: World, machine: Machine): void {
  const old = machine.counted;
  const isListed = world.machines.has(machine.id);
  const next = isListed
    ? {
        meter: meterOf(world, machine),
        billed: machine.state === "started",
        serving: isServing(machine),
        reserved: reserves(machine),
      }
    : null;
  machine.counted = next;
  if (old !== null) count(world, old, machine.region, -1);
  if (next !== null) count(world, next, machine.region, 1);
}

/** Adds the time since the last change to the meter. */
export function settle(world: World, meter: PoolMeter): void {
  const passedMs = world.now - Math.max(meter.settledAt, world.minuteStart);
  meter.settledAt = world.now;
  if (passedMs <= 0) return;
  meter.billedMs += meter.billed * passedMs;
  meter.servingMs += meter.serving * passedMs;
}

/** Writes the rows of the minute that ends now and begins the next one. */
export function closeMinute(world: World): void {
  for (const meter of world.meters.values()) {
    settle(world, meter);
    world.ledger.push(rowOf(world, meter));
    meter.billedMs = 0;
    meter.servingMs = 0;
  }
  world.minuteStart += MINUTE_MS;
}

function rowOf(world: World, meter: PoolMeter): LedgerRow {
  const { app, processGroup, region } = meter;
  const { demand: ask, requestsPerMachine } = world.settings;
  const asked = ask(app, processGroup, region, world.minuteStart);
  const demand = asked ?? 0;
  const serving = meter.servingMs / MINUTE_MS;
  const capacity = (meter.servingMs * requestsPerMachine) / MINUTE_MS;
  const unservedRequests = Math.max(0, demand - capacity);
  return {
    at: world.minuteStart,
    app,
    processGroup,
    region,
    demand,
    recorded: asked !== null,
    billed: asked === null ? 0 : meter.billedMs / MINUTE_MS,
    serving,
    capacity,
    short: unservedRequests > 0,
    unservedRequests,
  };
}

function meterOf(world: World, machine: Machine): PoolMeter {
  const processGroup = processGroupOf(machine);
  const key = `${machine.app}/${processGroup}/${machine.region}`;
  const known = world.meters.get(key);
  if (known !== undefined) return known;
  const counts = { billed: 0, serving: 0, billedMs: 0, servingMs: 0, settledAt: world.now };
  const meter = { app: machine.app, processGroup, region: machine.region, ...counts };
  world.meters.set(key, meter);
  return meter;
}

function count(world: World, item: NonNullable<Machine["counted"]>, region: string, sign: 1 | -1): void {
  settle(world, item.meter);
  if (item.billed) item.meter.billed += sign;
  if (item.serving) item.meter.serving += sign;
  if (item.reserved) world.reserved.set(region, (world.reserved.get(region) ?? 0) + sign);
}

/** Stopped machines give their CPU and memory back; suspended ones keep it. */
function reserves(machine: Machine): boolean {
  if (["stopped", "failed", "launch_failed", "destroying", "destroyed"].includes(machine.state)) return false;
  const passing = machine.state === "created" || machine.state === "replacing";
  return !passing || machine.plan.some((step) => step.state === "starting" || step.state === "started");
}
