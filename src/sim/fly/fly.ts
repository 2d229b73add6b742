/**
 * The simulated Fly as one value. Start reading here.
 *
 * `createFly` builds a world from a seed; `handle` answers an API call and moves the virtual clock; the ledger says what every
 * minute cost and whether it was enough. The same seed and the same calls give the same log, byte for byte. It
 * never waits and never reads a real clock: two simulated weeks are a few seconds. HTTP is in http.ts.
 */

import { createRandom } from "../random.ts";
import type { FlyAnswer, FlyRequest, Reply } from "./call.ts";
import { advanceTo } from "./clock.ts";
import { type DeployStep, deploy } from "./deploy.ts";
import { describeFault, type Fault } from "./faults.ts";
import { handle } from "./handle.ts";
import { MINUTE_MS } from "./ledger.ts";
import type { FlyOptions, Instant, Settings } from "./options.ts";
import { type PersonAction, personActs, removeApp, removeRegion } from "./outside.ts";
import { plantApp } from "./plant.ts";
import { createQueue } from "./queue.ts";
import type { LedgerRow, LogEntry, Machine, World } from "./world.ts";

export type Fly = {
  /** Answers one call of the Machines API; the clock moves by `callMs`, by more for `wait` and `hang`. Never throws. */
  handle(request: FlyRequest): FlyAnswer;
  now(): Instant;
  /** Throws RangeError when `instant` is in the past. */
  advanceTo(instant: Instant): void;
  sleep(ms: number): void;
  /** Rows of every whole minute that has passed, oldest first. */
  ledger(): readonly LedgerRow[];
  /** Every effective change of a machine, oldest first. */
  log(): readonly LogEntry[];
  /** Calls by action and status ("start 429"), for reports. */
  tally(): Readonly<Record<string, number>>;
  /** All machines that exist, as they are; read only. */
  machines(): readonly Readonly<Machine>[];
  /** Switches a fault on; returns its id. */
  addFault(fault: Fault): string;
  faults(): (Fault & { id: string })[];
  /** Removes one fault, or all of them; how many. */
  clearFaults(id?: string): number;
  /** A person at the console: no lease, no rate limit. Status 404 or 412 when it cannot be done. */
  person(app: string, machineId: string, action: PersonAction): Reply;
  /**
   * A blue-green deploy of one process group, as far as it can be seen. "begin": machines of a new release beside the
   * running ones, cordoned, the old ones leased; "finish": the new ones take over, the old ones are destroyed.
   */
  deploy(app: string, processGroup: string, step: DeployStep): Reply;
  /** The app and all that it had are gone at once; false when unknown. */
  removeApp(name: string): boolean;
  /** The region is gone with its machines, and its pools leave the ledger; how many machines. */
  removeRegion(code: string): number;
};

const BOOT = { startMs: 2000, createMs: 9000, resumeMs: 400, updateMs: 3500, stopMs: 1000, jitter: 0 };

/** Builds the world that `options` describe; its machines are already in the state that was asked for. */
export function createFly(options: FlyOptions): Fly {
  const world = createWorld(options);
  return {
    handle: (request) => handle(world, request),
    now: () => world.now,
    advanceTo: (instant) => advanceTo(world, instant),
    sleep: (ms) => advanceTo(world, world.now + ms),
    ledger: () => world.ledger,
    log: () => world.log,
    tally: () => Object.fromEntries([...world.tally].sort(([a], [b]) => (a < b ? -1 : 1))),
    machines: () => [...world.machines.values()],
    addFault: (fault) => addFault(world, fault),
    faults: () => world.faults.map(describeFault),
    clearFaults: (id) => clearFaults(world, id),
    person: (app, machineId, action) => personActs(world, app, machineId, action),
    deploy: (app, processGroup, step) => deploy(world, app, processGroup, step),
    removeApp: (name) => removeApp(world, name),
    removeRegion: (code) => removeRegion(world, code),
  };
}

function createWorld(options: FlyOptions): World {
  const settings = readSettings(options);
  const root = createRandom(settings.seed);
  const world: World = {
    settings,
    now: settings.start,
    sequence: 0,
    queue: createQueue(),
    apps: new Map(),
    machines: new Map(),
    meters: new Map(),
    reserved: new Map(),
    lostRegions: new Set(),
    buckets: new Map(),
    faults: [],
    ledger: [],
    minuteStart: Math.ceil(Math.max(settings.start, settings.ledgerFrom) / MINUTE_MS) * MINUTE_MS,
    log: [],
    tally: new Map(),
    digests: new Map(),
    random: { root, ids: root.fork("ids") },
  };
  for (const seed of settings.apps) plantApp(world, seed);
  return world;
}

function readSettings(options: FlyOptions): Settings {
  return {
    organisation: "personal",
    callMs: 50,
    requestsPerMachine: 500,
    demand: () => 0,
    limits: true,
    listLagMs: 0,
    capacity: {},
    serveDelayMs: 1000,
    tombstoneMs: 10_000,
    ledgerFrom: options.start,
    ...options,
    machineLimit: options.machineLimit ?? Number.POSITIVE_INFINITY,
    tokens: options.tokens ?? null,
    boot: { ...BOOT, ...options.boot },
  };
}

function addFault(world: World, fault: Fault): string {
  const id = `fault-${++world.sequence}`;
  world.faults.push({ ...structuredClone(fault), id, random: world.random.root.fork(`fault/${id}`) });
  return id;
}

function clearFaults(world: World, id?: string): number {
  const kept = id === undefined ? [] : world.faults.filter((rule) => rule.id !== id);
  const removed = world.faults.length - kept.length;
  world.faults.splice(0, world.faults.length, ...kept);
  return removed;
}
