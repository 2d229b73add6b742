/**
 * Step 3: read all that an app's pools can be decided from. Fly, the books and the samples each either answer or are
 * marked as missing; only without the books there is no tick, since nothing could be written down either.
 */
import { type Boot, bootsOf } from "../core/capacity/boots.ts";
import type { CapacityNews } from "../core/capacity/capacity-memory.ts";
import { lookBackMs } from "../core/constraints/look-back.ts";
import { isSchedule } from "../core/constraints/schedule-text.ts";
import { isActive, type Machine, type PoolKey, poolName } from "../core/fleet.ts";
import { forecastBinMs } from "../core/forecast/forecast.ts";
import { measuredLast } from "../core/forecast/measured-last.ts";
import { mayBorrow, mayLend, type Sister } from "../core/forecast/prior.ts";
import {
  type Observation,
  type Override,
  type Part,
  partValue,
  type SourceReading,
} from "../core/observation.ts";
import { type PhaseTerms, phaseTerms } from "../core/phase-limits.ts";
import { lowestMode, type Policy } from "../core/policy.ts";
import { releaseUnderWay } from "../core/release.ts";
import { DAY_MS, floorTo, formatInstant, type Instant, MINUTE_MS, SECOND_MS } from "../core/time.ts";
import { measuredUntil, type TrafficSeries } from "../core/traffic.ts";
import { isTimeZone } from "../core/zone.ts";
import { isMachineApiError, messageOf } from "../errors.ts";
import type { Lease, OpenTick, PoolMemory, PoolSeries, TickPorts, TickRequest } from "../ports.ts";
import { askExperts } from "./ask-experts.ts";
import { capacityWindow, knownCapacity } from "./capacity-window.ts";
import { isCheckpointDue } from "./checkpoint.ts";
import { detectOverride } from "./detect-override.ts";
import { flyNow } from "./fly-now.ts";
import { withPhases } from "./phases-now.ts";
import { pullSamples } from "./pull-samples.ts";
import { type GoBack, type Known, knownOf, whoGoesBack } from "./relearn.ts";
import { resolveIntent } from "./resolve-intents.ts";
import { pauseBeforeRetry } from "./retry.ts";
import type { TickSettings } from "./settings.ts";

/** From so much history a forecaster without state is built. */
const REBUILD_MS = 28 * DAY_MS;

/** Borrowing takes ten milliseconds of the second that a function may reckon. */
const MOST_BORROWERS = 20;

/** Looking must leave time for acting. */
const LONGEST_PAUSE_MS = 10 * SECOND_MS;

export type ObservedPool = {
  readonly observation: Observation;
  /** Whether the large part of its state is to be saved at the end of this tick. */
  readonly checkpointDue: boolean;
  /** The state to be saved as the next checkpoint: as the tick before left it; null: as this one leaves it. */
  readonly settled: Observation["state"];
  /** Late samples that are learned now. */
  readonly lateLearned: number;
  /** An override that was not there before this tick. */
  readonly newOverride: Override | null;
  /** Boots that ended since the last look. */
  readonly newBoots: readonly Boot[];
};
export type ObservedApp = {
  readonly pools: readonly ObservedPool[];
  readonly resolved: OpenTick["resolved"];
  readonly retired: readonly PoolKey[];
};

export async function observe(
  lease: Lease,
  request: TickRequest,
  settings: TickSettings,
  ports: TickPorts,
): Promise<ObservedApp> {
  const [memories, listed] = await Promise.all([
    ports.history.recall(lease.app, ports.clock.now()),
    listMachines(lease.app, ports),
  ]);
  const now = ports.clock.now();
  const resolved = resolveIntents(memories, listed, now);
  const unsettled = unsettledSince(memories, resolved);
  const pools = poolsIn(memories, listed, lease.app, unsettled);
  const release = listed.status === "missing" ? null : releaseUnderWay(listed.value, now);
  const pulled = await pullSamples(lease.app, listed, memories, request.apps.length, settings, ports);
  const remembered = pulled?.relearn === true ? memories.map(forgotten) : memories;
  const goBack = whoGoesBack(remembered, now);
  const memoryByPool = new Map(remembered.map((memory) => [poolName(memory.pool), memory]));
  const bases = pools.present.map((pool) => {
    const name = poolName(pool);
    return baseOf(pool, memoryByPool.get(name) ?? null, goBack.get(name), settings);
  });
  const read = await readSamples(lease.app, bases, now, ports, settings.binMs);
  const known = bases.map((base) => {
    const source = pulled?.readingOf(base.pool, base.policy.staleSeconds * SECOND_MS, now);
    const samples = samplesPart(base, read, source, now);
    return { ...base, ...beginning(base, samples), source, samples };
  });
  const idleSince = pulled?.idleSince ?? new Map<string, Instant>();
  const said = await askExperts(lease.app, known, now, ports);
  const young = known.filter(({ memory, state }) => memory !== null && mayBorrow(state));
  const borrowers = young.slice(0, MOST_BORROWERS).map(({ pool }) => pool);

  return {
    resolved,
    retired: pools.retired,
    pools: known.map((base, i) => {
      const sisters = borrowers.includes(base.pool) ? sistersOf(base, bases) : [];
      const machines = withPhasesIn(base, machinesOf(base.pool, listed, unsettled, now), now, idleSince);
      const seen = partValue(machines);
      const newOverride = seen === null ? null : overrideIn(base, seen, now);
      const fly = flyNow(seen, release, base.memory, base.policy, now);
      return {
        // Where the state is built anew, the checkpoint of the one before it is of no use.
        checkpointDue: isCheckpointDue(
          base.pool,
          base.state === null ? null : (base.memory?.coldSavedAt ?? null),
          now,
        ),
        settled: base.settled,
        lateLearned: base.lateLearned,
        newOverride,
        newBoots: seen === null ? [] : bootsIn(base, seen, now),
        observation: {
          pool: base.pool,
          slot: lease.slot,
          attempt: lease.attempt,
          now,
          cadenceMs: settings.cadenceMs,
          mode: lowestMode(request.mode, base.memory?.mode ?? "advise"),
          policy: base.policy,
          machines,
          bookedWorkers: (base.memory?.machines ?? []).filter(({ state, phase }) =>
            isActive({ state, cordoned: phase?.name === "draining" }),
          ).length,
          ...(base.memory !== null && base.memory.boots.length > 0 ? { boots: base.memory.boots } : {}),
          samples: base.samples,
          ...(base.source === undefined ? {} : { source: base.source }),
          ...capacityNews(base, read),
          state: base.state,
          ledger: base.memory?.state?.hot.ledger ?? null,
          ...(said[i] === undefined ? {} : { outside: said[i] }),
          ...(sisters.length === 0 ? {} : { sisters }),
          events: [],
          override: newOverride ?? base.memory?.override ?? null,
          lastChangeAt: base.memory?.lastChangeAt ?? null,
          ...(base.memory === null ? {} : { tally: base.memory.tally }),
          ...(fly === null ? {} : { fly }),
        },
      };
    }),
  };
}

/** What is known of a pool before its machines and samples are looked at. */
type PoolBase = {
  readonly pool: PoolKey;
  readonly memory: PoolMemory | null;
  readonly policy: Policy;
  /** What is carried on. */
  readonly state: Observation["state"];
  readonly back: Known["back"];
  /** Samples are read from here: what the forecaster has not learned yet, and what the rules look back at. */
  readonly samplesFrom: (now: Instant) => Instant;
};

function baseOf(
  pool: PoolKey,
  memory: PoolMemory | null,
  goBack: GoBack | undefined,
  settings: TickSettings,
): PoolBase {
  const policy = effectivePolicy(settings.defaultPolicy, memory?.policy ?? {});
  const binMs = forecastBinMs(settings.cadenceMs);
  const { carried, back } = knownOf(
    memory?.state ?? null,
    goBack,
    (state) => state.zone === policy.timeZone && state.binMs === binMs,
  );
  const learnedUntil = (back === null ? carried : back.state)?.through ?? null;
  const lookBack = lookBackMs(policy) + 10 * MINUTE_MS;
  const samplesFrom = (now: Instant) =>
    floorTo(
      Math.max(now - REBUILD_MS, Math.min(now - lookBack, learnedUntil ?? now - REBUILD_MS)),
      settings.binMs,
    );
  return { pool, memory, policy, state: carried, back, samplesFrom };
}

/** From where this tick learns on: without samples at hand there is no going back. */
function beginning(
  { memory, state, back }: PoolBase,
  samples: Part<TrafficSeries>,
): Pick<ObservedPool, "settled" | "lateLearned"> & Pick<PoolBase, "state"> {
  const late = memory?.late?.samples ?? 0;
  if (partValue(samples) === null) return { state, settled: state, lateLearned: 0 };
  if (back !== null) return { state: back.state, settled: null, lateLearned: late };
  return { state, settled: state, lateLearned: state === null ? late : 0 };
}

/** For a young pool: the same process group in other regions, where it knows its week. */
function sistersOf({ pool }: PoolBase, bases: readonly PoolBase[]): Sister[] {
  return bases.flatMap((other) => {
    const isSister = other.pool.processGroup === pool.processGroup && other.pool.region !== pool.region;
    return isSister && mayLend(other.state) ? [{ region: other.pool.region, state: other.state }] : [];
  });
}

/**
 * The pool's own values outrank the configured ones. Where only one bound is the pool's own, the configured other one
 * gives way to it: a maximum set to park a pool must not be lifted by a minimum meant for all.
 */
export function effectivePolicy(defaults: Policy, own: Partial<Policy>): Policy {
  const policy = { ...defaults, ...own };
  return {
    ...policy,
    minWorkers: own.minWorkers ?? Math.min(policy.minWorkers, policy.maxWorkers),
    maxWorkers: own.maxWorkers ?? Math.max(policy.minWorkers, policy.maxWorkers),
    // Postgres knows zones that Intl does not, and one odd pool must not fail its whole app.
    // A promise of the pool's own counts before a price that is only configured.
    unservedPrice: own.unservedPrice ?? (own.shortShare === undefined ? policy.unservedPrice : null),
    timeZone: isTimeZone(policy.timeZone) ? policy.timeZone : defaults.timeZone,
    schedule: isSchedule(policy.schedule) ? policy.schedule : defaults.schedule,
  };
}

/** An app that Fly does not know has no machines: that is an answer. Every other failure leaves them unknown. */
async function listMachines(
  app: string,
  { machineApi, clock, chance, log }: TickPorts,
): Promise<Part<Machine[]>> {
  for (let attempt = 1; ; attempt++) {
    try {
      return { status: "fresh", value: await machineApi.list(app) };
    } catch (error) {
      log("list machines", { app, attempt, error: messageOf(error) });
      if (!isMachineApiError(error)) return { status: "missing", why: messageOf(error) };
      if (error.kind === "notFound") return { status: "fresh", value: [] };
      const pauseMs = pauseBeforeRetry(error, attempt, chance());
      if (pauseMs === null || pauseMs > LONGEST_PAUSE_MS) return { status: "missing", why: error.message };
      await clock.sleep(pauseMs);
    }
  }
}

/** A pool whose create may yet show up in Fly's list has machines that nobody can count: they are stale. */
function machinesOf(
  pool: PoolKey,
  listed: Part<Machine[]>,
  unsettled: UnsettledSince,
  now: Instant,
): Part<Machine[]> {
  if (listed.status === "missing") return listed;
  const value = listed.value.filter(
    (machine) => machine.region === pool.region && machine.processGroup === pool.processGroup,
  );
  const since = unsettled.get(poolName(pool));
  if (since === undefined) return { ...listed, value };
  return {
    status: "stale",
    value,
    ageMs: now - since,
    why: "a create of an earlier tick may not be listed yet",
  };
}

/**
 * Pools are those that have machines. Where the list could not be read, they are those of the books. A pool whose create
 * may yet show up in the list is not retired.
 */
function poolsIn(
  memories: readonly PoolMemory[],
  listed: Part<Machine[]>,
  app: string,
  unsettled: UnsettledSince,
): { present: PoolKey[]; retired: PoolKey[] } {
  if (listed.status === "missing") return { present: memories.map(({ pool }) => pool), retired: [] };
  const present = new Map<string, PoolKey>();
  for (const { region, processGroup } of listed.value) {
    const pool = { app, region, processGroup };
    present.set(poolName(pool), pool);
  }
  const retired = memories
    .map(({ pool }) => pool)
    .filter((pool) => !present.has(poolName(pool)) && !unsettled.has(poolName(pool)));
  return { present: [...present.values()], retired };
}

/** By pool name: when the oldest intent was opened of which even now nobody knows what became of it. */
type UnsettledSince = ReadonlyMap<string, Instant>;

function unsettledSince(memories: readonly PoolMemory[], resolved: OpenTick["resolved"]): UnsettledSince {
  const unknown = new Set(
    resolved.filter(({ outcome }) => outcome.status === "unknown").map(({ intentId }) => intentId),
  );
  const since = new Map<string, Instant>();
  for (const { pool, openIntents } of memories) {
    const openedAt = openIntents.filter(({ id }) => unknown.has(id)).map((intent) => intent.openedAt);
    if (openedAt.length > 0) since.set(poolName(pool), Math.min(...openedAt));
  }
  return since;
}

function resolveIntents(
  memories: readonly PoolMemory[],
  listed: Part<Machine[]>,
  now: Instant,
): OpenTick["resolved"] {
  if (listed.status === "missing") return [];
  return memories.flatMap(({ openIntents }) =>
    openIntents.map((intent) => {
      return { intentId: intent.id, outcome: resolveIntent(intent, listed.value, now, openIntents) };
    }),
  );
}

function overrideIn(
  { memory, policy }: PoolBase,
  machines: readonly Machine[],
  now: Instant,
): Override | null {
  if (memory === null) return null;
  const explained = new Set(
    memory.openIntents.map(({ action }) =>
      action.kind === "create"
        ? (machines.find(({ name }) => name === action.machineName)?.id ?? "")
        : action.machineId,
    ),
  );
  return detectOverride(memory.machines, machines, explained, policy.overrideSeconds, now);
}

function bootsIn({ memory }: PoolBase, machines: readonly Machine[], now: Instant): Boot[] {
  if (memory === null) return [];
  return bootsOf(memory.machines, machines, memory.openIntents, memory.lookedAt, now);
}

function withPhasesIn(
  { memory, policy }: PoolBase,
  machines: Part<Machine[]>,
  now: Instant,
  idleSince: PhaseTerms["idleSince"],
): Part<Machine[]> {
  if (machines.status === "missing") return machines;
  const terms = phaseTerms(memory?.boots ?? [], policy.drainSeconds, idleSince);
  return { ...machines, value: withPhases(memory, machines.value, terms, now) };
}

type SeriesByPool = Part<ReadonlyMap<string, PoolSeries>>;

async function readSamples(
  app: string,
  bases: readonly PoolBase[],
  now: Instant,
  { samples, log }: TickPorts,
  binMs: number,
): Promise<SeriesByPool> {
  try {
    const windows = bases
      .filter(({ memory }) => memory !== null)
      .map((base) => ({
        pool: base.pool,
        from: base.samplesFrom(now),
        ...capacityWindow(base.memory, base.policy, now, binMs),
      }));
    const read = await samples.readSeries(app, windows, floorTo(now, binMs), binMs);
    return { status: "fresh", value: new Map(read.map((one) => [poolName(one.pool), one])) };
  } catch (error) {
    log("read samples", { app, error: messageOf(error) });
    return { status: "missing", why: messageOf(error) };
  }
}

/** What is known of the machines' capacity, and what was read of it. */
function capacityNews({ pool, memory, policy }: PoolBase, read: SeriesByPool): { capacity?: CapacityNews } {
  const samples = partValue(read)?.get(poolName(pool))?.signals ?? null;
  const known = knownCapacity(memory, policy);
  return known === null ? {} : { capacity: { ...known, samples } };
}

function samplesPart(
  base: PoolBase,
  read: SeriesByPool,
  source: Part<SourceReading> | undefined,
  now: Instant,
): Part<TrafficSeries> {
  const newest = base.state === null ? null : measuredLast(base.state);
  const age = newest === null ? {} : { ageMs: now - newest };
  if (read.status === "missing") return { ...read, ...age };
  const series = read.value.get(poolName(base.pool))?.series;
  const until = series && measuredUntil(series);
  // Where samples are missing, a source that should have brought them says why.
  const also = source?.status === "missing" ? `; ${source.why}` : "";
  if (!series || !until) {
    return {
      status: "missing",
      why: `no sample since ${formatInstant(base.samplesFrom(now))}${also}`,
      ...age,
    };
  }
  const ageMs = now - until;
  if (ageMs <= base.policy.staleSeconds * 1_000) return { status: "fresh", value: series };
  return { status: "stale", value: series, ageMs, why: `the newest is of ${formatInstant(until)}${also}` };
}

/** As a pool whose forecaster has learned nothing yet. */
function forgotten({ late: _late, ...memory }: PoolMemory): PoolMemory {
  return { ...memory, state: null, coldSavedAt: null };
}
