/**
 * What every form of History promises: what a tick wrote is what the next one recalls, intents are closed once, and a
 * tick that lost its lease writes nothing at all.
 */
import { beforeEach, describe, expect, it } from "vitest";
import type { Action } from "../../src/core/actions.ts";
import type { Boot } from "../../src/core/capacity/boots.ts";
import type { Machine, PoolKey } from "../../src/core/fleet.ts";
import type { NoRoom } from "../../src/core/no-room.ts";
import type { Phase } from "../../src/core/phase.ts";
import type { Mode, Policy } from "../../src/core/policy.ts";
import { RULES_OFF, type Rules } from "../../src/core/rules.ts";
import { HOUR_MS, type Instant, MINUTE_MS, SECOND_MS } from "../../src/core/time.ts";
import { isStaleFenceError } from "../../src/errors.ts";
import type {
  CloseTick,
  History,
  Intent,
  Lease,
  Leases,
  OpenTick,
  Outcome,
  OutcomeStatus,
  PoolMemory,
} from "../../src/ports.ts";
import { NOW } from "../core/examples.ts";
import { boot, coldPart, override, poolTick, startedMachine, stoppedMachine } from "./pool-ticks.ts";

/** What the store holds of one app, oldest first, beyond what recall tells. */
export type WrittenHistory = {
  readonly rows: readonly {
    readonly pool: PoolKey;
    readonly slot: Instant;
    readonly attempt: number;
    readonly mode: Mode;
    readonly kind: string;
    readonly record: unknown;
  }[];
  /** Status and evidence as last noted; null where nothing was said yet. */
  readonly intents: readonly {
    readonly id: string;
    readonly status: OutcomeStatus | null;
    readonly evidence: string | null;
    readonly isClosed: boolean;
  }[];
  /** One per tick; null where it was not closed. */
  readonly summaries: readonly (Record<string, unknown> | null)[];
  readonly predictionCount: number;
  readonly patternCount: number;
};

export type HistoryHarness = {
  readonly history: History;
  /** Over the same store. */
  readonly leases: Leases;
  /** Comes back when `ms` have gone by, in the time by which leases expire. */
  elapse(ms: number): Promise<void>;
  /** Sets the wishes of a known pool, as its owner would. */
  setPool(pool: PoolKey, wishes: { mode?: Mode; policy?: Partial<Policy> }): Promise<void>;
  written(app: string): Promise<WrittenHistory>;
  /** Slots in which the app was noted as unreached. */
  unreached(app: string): Promise<readonly Instant[]>;
};

const LONG_MS = 60_000;
const SHORT_MS = 300;
const PAST_SHORT_MS = 400;
const CADENCE_MS = 15 * MINUTE_MS;

let apps = 0;

export function describeHistory(name: string, make: () => Promise<HistoryHarness>): void {
  describe(`history: ${name}`, () => {
    let harness: HistoryHarness;
    let history: History;
    let app: string;
    let fra: PoolKey;
    let iad: PoolKey;

    beforeEach(async () => {
      harness = await make();
      history = harness.history;
      apps += 1;
      app = `history-app-${apps}`;
      fra = { app, region: "fra", processGroup: "web" };
      iad = { app, region: "iad", processGroup: "web" };
    });

    const idOf = (word: string) => `${app}-${word}`;
    const start = (word: string): Action => ({ kind: "start", machineId: idOf(word) });
    const stop = (word: string): Action => ({ kind: "stop", machineId: idOf(word) });
    const create = (ordinal: number): Action => {
      return { kind: "create", machineName: `fa-web-fra-abc-1-${ordinal}`, templateId: idOf("a") };
    };
    const outcome = (status: OutcomeStatus, word: string | null = null, evidence = "as seen"): Outcome => {
      return { status, machineId: word === null ? null : idOf(word), evidence };
    };

    async function hold(slot: Instant = NOW, ttlMs = LONG_MS): Promise<Lease> {
      const answer = await harness.leases.acquire(app, slot, ttlMs);
      if (answer.status !== "held") throw new Error(`expected a held lease, got ${answer.status}`);
      return answer.lease;
    }

    const open = (lease: Lease, changes: Partial<OpenTick> = {}) =>
      history.openTick({
        lease,
        now: lease.slot,
        mode: "act",
        cadenceMs: 900_000,
        pools: [poolTick(fra)],
        resolved: [],
        retired: [],
        ...changes,
      });

    const close = (lease: Lease, outcomes: CloseTick["outcomes"] = [], changes: Partial<CloseTick> = {}) =>
      history.closeTick({ lease, now: lease.slot + 5 * SECOND_MS, outcomes, summary: {}, ...changes });

    /** A whole tick in the given slot; each intent gets the outcome of its place. */
    async function tick(slot: Instant, changes: Partial<OpenTick> = {}, outcomes: readonly Outcome[] = []) {
      const lease = await hold(slot);
      const intents = await open(lease, changes);
      await close(
        lease,
        outcomes.map((given, i) => ({ intentId: intents[i]!.id, outcome: given })),
      );
      return intents;
    }

    async function recallPool(pool: PoolKey, now: Instant = NOW): Promise<PoolMemory> {
      const memories = await history.recall(pool.app, now);
      const found = memories.find((memory) => memory.pool.region === pool.region);
      if (found === undefined) throw new Error(`expected pool ${pool.region} to be recalled`);
      return found;
    }

    const machinesOf = async (pool: PoolKey) =>
      Object.fromEntries((await recallPool(pool)).machines.map(({ id, state }) => [id, state]));

    const staleFence = expect.toSatisfy(isStaleFenceError, "is a StaleFenceError");

    describe("pools", () => {
      it("recalls nothing of an app that was never seen", async () => {
        expect(await history.recall(app, NOW)).toEqual([]);
      });

      it("registers a new pool in mode advise, whatever the tick's mode, with nothing known but its machines", async () => {
        const machines = [startedMachine(idOf("a")), stoppedMachine(idOf("b"))];
        await tick(NOW, { pools: [poolTick(fra, { machines, hot: null })] });
        expect(await history.recall(app, NOW)).toEqual([
          {
            pool: fra,
            mode: "advise",
            policy: {},
            machines: expect.toSatisfy((known: unknown[]) => known.length === 2),
            lookedAt: NOW,
            boots: [],
            state: null,
            coldSavedAt: null,
            override: null,
            lastChangeAt: null,
            tally: {
              changesToday: 0,
              spentMachineHours: 0,
              spentUsd: expect.toSatisfy((usd) => usd === null || usd === 0),
              replacedToday: 0,
            },
            openIntents: [],
          },
        ]);
        expect(await machinesOf(fra)).toEqual({ [idOf("a")]: "started", [idOf("b")]: "stopped" });
      });

      it("recalls the owner's mode and values, over later ticks too", async () => {
        await tick(NOW);
        const policy: Partial<Policy> = {
          minWorkers: 2,
          maxWorkers: 7,
          requestsPerWorker: 250,
          shortShare: 0.002,
          unservedPrice: 20,
          cooldownSeconds: 0,
          timeZone: "Europe/Berlin",
          pinnedMachineId: idOf("a"),
          frozenUntil: NOW + HOUR_MS,
        };
        await harness.setPool(fra, { mode: "act", policy });
        expect(await recallPool(fra)).toMatchObject({ mode: "act", policy });
        await tick(NOW + CADENCE_MS, { pools: [poolTick(fra, { mode: "observe" })] });
        const later = await recallPool(fra);
        expect([later.mode, later.policy]).toEqual(["act", policy]);
      });

      it("recalls the owner's own rules, each, and none where there is none", async () => {
        await tick(NOW);
        const rules: Rules = {
          staleHoldSeconds: 60,
          staleTrustSeconds: 7_200,
          floorWorkers: 3,
          schedule: "mon-fri 08:00-18:00 min 4; Daily 22:00-6:00 max 2",
          capFactor: 2.5,
          budgetMachineHours: 1_500.5,
          budgetUsd: 12,
          flapsPerDay: 9,
          growStepWorkers: 1,
          growStepShare: 1.5,
          shrinkStepWorkers: 2,
          shrinkStepShare: 0.25,
          lowConfidence: 0.3,
          growCooldownSeconds: 30,
          shrinkBand: 0.125,
          zeroAfterSeconds: 0,
          keepCreated: 7,
          destroySurplus: true,
          drainSeconds: 45,
          restBy: "suspend",
          replacementsPerDay: 0,
          keepMinRunning: true,
        };
        expect(Object.keys(rules).sort()).toEqual(Object.keys(RULES_OFF).sort());
        await harness.setPool(fra, { policy: rules });
        expect((await recallPool(fra)).policy).toEqual(rules);
        await harness.setPool(fra, { policy: {} });
        expect((await recallPool(fra)).policy).toEqual({});
      });

      it("keeps pools and apps apart", async () => {
        await tick(NOW, { pools: [poolTick(fra), poolTick(iad, { machines: [startedMachine(idOf("i"))] })] });
        await harness.setPool(iad, { mode: "act" });
        expect((await recallPool(fra)).mode).toBe("advise");
        expect((await recallPool(iad)).mode).toBe("act");
        expect(await machinesOf(fra)).toEqual({});
        expect(await history.recall(`${app}-other`, NOW)).toEqual([]);
      });

      it("keeps process groups of one region apart", async () => {
        const worker: PoolKey = { ...fra, processGroup: "worker" };
        await tick(NOW, { pools: [poolTick(fra), poolTick(worker)] });
        const groups = (await history.recall(app, NOW)).map(({ pool }) => pool.processGroup);
        expect(groups.sort()).toEqual(["web", "worker"]);
      });

      it("retires pools, and takes one back with its former mode and values when it shows again", async () => {
        await tick(NOW, { pools: [poolTick(fra), poolTick(iad)] });
        await harness.setPool(iad, { mode: "act", policy: { maxWorkers: 4 } });
        await tick(NOW + CADENCE_MS, { retired: [iad] });
        expect((await history.recall(app, NOW)).map(({ pool }) => pool)).toEqual([fra]);
        const machines = [startedMachine(idOf("i"))];
        await tick(NOW + 2 * CADENCE_MS, { pools: [poolTick(iad, { machines })] });
        expect(await recallPool(iad)).toMatchObject({ mode: "act", policy: { maxWorkers: 4 } });
        expect(await machinesOf(iad)).toEqual({ [idOf("i")]: "started" });
      });

      it("tells of a retired pool for as long as a call to Fly is open in it", async () => {
        const [intent] = await tick(NOW, { pools: [poolTick(fra, { actions: [start("a")] })] });
        await tick(NOW + CADENCE_MS, { pools: [], retired: [fra] });
        expect((await recallPool(fra)).openIntents).toEqual([intent]);
        const resolved = [{ intentId: intent!.id, outcome: outcome("failed", "a", "the region is gone") }];
        await tick(NOW + 2 * CADENCE_MS, { pools: [], retired: [fra], resolved });
        expect(await history.recall(app, NOW)).toEqual([]);
      });

      it("lets the retiring of a pool that nobody knows be", async () => {
        await tick(NOW, { retired: [iad] });
        expect((await history.recall(app, NOW)).map(({ pool }) => pool)).toEqual([fra]);
      });
    });

    describe("books", () => {
      it("keeps the machines as last written, and drops those that are gone", async () => {
        const first = [startedMachine(idOf("a")), startedMachine(idOf("b"))];
        await tick(NOW, { pools: [poolTick(fra, { machines: first })] });
        const second = [stoppedMachine(idOf("b")), startedMachine(idOf("c"))];
        await tick(NOW + CADENCE_MS, { pools: [poolTick(fra, { machines: second })] });
        expect(await machinesOf(fra)).toEqual({ [idOf("b")]: "stopped", [idOf("c")]: "started" });
        await tick(NOW + 2 * CADENCE_MS, { now: NOW + CADENCE_MS, pools: [poolTick(fra, { machines: [] })] });
        expect(await machinesOf(fra), "also where the clock stood still").toEqual({});
      });

      it("leaves the machines as they are where the list could not be read", async () => {
        await tick(NOW, { pools: [poolTick(fra, { machines: [startedMachine(idOf("a"))] })] });
        await tick(NOW + CADENCE_MS, { pools: [poolTick(fra, { machines: null })] });
        expect(await machinesOf(fra)).toEqual({ [idOf("a")]: "started" });
      });

      it("keeps an override until it ends; null leaves it, a newer one takes its place", async () => {
        const first = override(idOf("a"));
        await tick(NOW, { pools: [poolTick(fra, { override: first })] });
        await tick(NOW + CADENCE_MS);
        expect((await recallPool(fra, first.until - 1)).override).toEqual(first);
        expect((await recallPool(fra, first.until + 1)).override).toBeNull();
        const second = override(idOf("b"), {
          seenAt: NOW + 2 * CADENCE_MS,
          until: NOW + 2 * HOUR_MS,
          workers: 0,
          what: 'a "quoted" word, ümlauts and a \\ too',
        });
        await tick(NOW + 2 * CADENCE_MS, { pools: [poolTick(fra, { override: second })] });
        expect((await recallPool(fra, NOW + 2 * CADENCE_MS)).override).toEqual(second);
        expect((await recallPool(fra, first.until + 1)).override).toEqual(second);
        const third = override(idOf("c"), {
          seenAt: NOW + 3 * CADENCE_MS,
          until: NOW + 3 * CADENCE_MS + MINUTE_MS,
        });
        await tick(NOW + 3 * CADENCE_MS, { pools: [poolTick(fra, { override: third })] });
        expect((await recallPool(fra, third.until + 1)).override).toBeNull();
      });

      it("has no state before a cold part was saved", async () => {
        await tick(NOW);
        expect(await recallPool(fra)).toMatchObject({ state: null, coldSavedAt: null });
      });

      it("gives a state of full size back as it was, and keeps the older cold part beside a newer hot one", async () => {
        const cold = coldPart();
        const { hot } = poolTick(fra);
        if (hot === null) throw new Error("the example has no hot state");
        expect(JSON.stringify(cold.state).length).toBeGreaterThan(10_000);
        await tick(NOW, { pools: [poolTick(fra, { cold })] });
        expect(await recallPool(fra)).toMatchObject({ state: { hot, cold: cold.state }, coldSavedAt: NOW });
        const newer = {
          ...hot,
          through: hot.through + CADENCE_MS,
          level: { recentLoad: 0.1, recentUsual: 1e-9 },
        };
        await tick(NOW + CADENCE_MS, { pools: [poolTick(fra, { hot: newer })] });
        const recalled = await recallPool(fra);
        expect(recalled.state).toEqual({ hot: newer, cold: cold.state });
        expect(recalled.coldSavedAt).toBe(NOW);
        await tick(NOW + 2 * CADENCE_MS, { pools: [poolTick(fra, { hot: null })] });
        expect((await recallPool(fra)).state).toEqual({ hot: newer, cold: cold.state });
        await tick(NOW + 3 * CADENCE_MS, { pools: [poolTick(fra, { cold })] });
        expect((await recallPool(fra)).coldSavedAt).toBe(NOW + 3 * CADENCE_MS);
      });

      it("keeps the patterns of a week once, and five predictions of every tick", async () => {
        await tick(NOW, { pools: [poolTick(fra, { cold: coldPart() })] });
        await tick(NOW + CADENCE_MS, { pools: [poolTick(fra, { cold: coldPart() })] });
        const { patternCount, predictionCount } = await harness.written(app);
        expect([patternCount, predictionCount]).toEqual([7 * 24, 2 * 5]);
      });

      it("takes a pool of which nothing is known but that it exists", async () => {
        const unknown = poolTick(fra, {
          machines: null,
          hot: null,
          predictions: [],
          model: null,
          confidence: null,
          record: { v: 1, kind: "short", confidence: null },
        });
        await tick(NOW, { pools: [unknown] });
        expect(await recallPool(fra)).toMatchObject({ machines: [], state: null });
      });
    });

    describe("decisions and intents", () => {
      it("writes one row per pool and tick, its record as it was handed in", async () => {
        const short = { v: 1, kind: "short", confidence: null } as const;
        await tick(NOW, { pools: [poolTick(fra), poolTick(iad, { mode: "observe", record: short })] });
        const { record, decision } = poolTick(fra);
        expect(JSON.stringify(record)).toContain("null");
        const { rows } = await harness.written(app);
        expect(rows).toHaveLength(2);
        const common = { slot: NOW, attempt: 1, kind: decision.kind };
        expect(rows).toContainEqual({ ...common, pool: fra, mode: "act", record });
        expect(rows).toContainEqual({ ...common, pool: iad, mode: "observe", record: short });
      });

      it("answers the intents in the order of the pools and their actions", async () => {
        const pools = Array.from({ length: 12 }, (_, p) =>
          poolTick(
            { app, region: `r${String.fromCharCode(108 - p)}x`, processGroup: p % 2 ? "web" : "worker" },
            { actions: Array.from({ length: p % 4 }, (_, i) => (i === 2 ? create(i) : start(`${p}-${i}`))) },
          ),
        );
        const intents = await open(await hold(), { pools });
        const expected = pools.flatMap(({ pool, actions }) =>
          actions.map((action) => ({ id: expect.any(String), pool, action, openedAt: NOW })),
        );
        expect(intents).toEqual(expected);
        expect(new Set(intents.map(({ id }) => id)).size).toBe(intents.length);
      });

      it("recalls open intents, each with its pool, oldest first", async () => {
        const first = await open(await hold(NOW, SHORT_MS), {
          pools: [
            poolTick(fra, { actions: [start("a"), create(1)] }),
            poolTick(iad, { actions: [stop("i")] }),
          ],
        });
        await harness.elapse(PAST_SHORT_MS);
        const second = await open(await hold(NOW), {
          now: NOW + MINUTE_MS,
          pools: [poolTick(fra, { actions: [stop("b")] })],
        });
        expect((await recallPool(fra)).openIntents).toEqual([first[0], first[1], second[0]]);
        expect((await recallPool(iad)).openIntents).toEqual([first[2]]);
      });

      it("closes an intent by done, alreadyDone, refused and failed, and notes the evidence", async () => {
        const statuses = ["done", "alreadyDone", "refused", "failed"] as const;
        const intents = await tick(
          NOW,
          { pools: [poolTick(fra, { actions: statuses.map((_, i) => start(`${i}`)) })] },
          statuses.map((status, i) => outcome(status, `${i}`, `Fly said ${status}`)),
        );
        expect((await recallPool(fra)).openIntents).toEqual([]);
        expect((await harness.written(app)).intents).toEqual(
          statuses.map((status, i) => {
            return { id: intents[i]!.id, status, evidence: `Fly said ${status}`, isClosed: true };
          }),
        );
      });

      it("leaves an intent open whose outcome is unknown, until a later tick resolves it", async () => {
        const pools = [poolTick(fra, { actions: [create(0)] })];
        const [intent] = await tick(NOW, { pools }, [outcome("unknown", null, "no answer in 10 s")]);
        expect((await recallPool(fra)).openIntents).toEqual([intent]);
        expect((await harness.written(app)).intents).toEqual([
          { id: intent!.id, status: "unknown", evidence: "no answer in 10 s", isClosed: false },
        ]);
        const found = outcome("done", "new", "found by its name");
        await tick(NOW + CADENCE_MS, { resolved: [{ intentId: intent!.id, outcome: found }] });
        expect((await recallPool(fra)).openIntents).toEqual([]);
        expect((await harness.written(app)).intents).toEqual([
          { id: intent!.id, status: "done", evidence: "found by its name", isClosed: true },
        ]);
        expect((await recallPool(fra)).lastChangeAt).not.toBeNull();
      });

      it("leaves an intent open that nobody said anything about", async () => {
        const intents = await tick(NOW, { pools: [poolTick(fra, { actions: [start("a"), start("b")] })] }, [
          outcome("done", "a"),
        ]);
        expect((await recallPool(fra)).openIntents).toEqual([intents[1]]);
      });

      it("keeps the first outcome of a closed intent, whoever comes later", async () => {
        const pools = [poolTick(fra, { machines: [stoppedMachine(idOf("a"))], actions: [start("a")] })];
        const [intent] = await tick(NOW, { pools }, [outcome("refused", "a", "no room")]);
        const late = { intentId: intent!.id, outcome: outcome("done", "a", "came late") };
        const unknown = { intentId: intent!.id, outcome: outcome("unknown", "a", "came later still") };
        const lease = await hold(NOW + CADENCE_MS);
        await open(lease, { pools: [poolTick(fra, { machines: null })], resolved: [late] });
        await close(lease, [late, unknown]);
        expect((await harness.written(app)).intents).toEqual([
          { id: intent!.id, status: "refused", evidence: "no room", isClosed: true },
        ]);
        expect((await recallPool(fra)).lastChangeAt).toBeNull();
        expect(await machinesOf(fra)).toEqual({ [idOf("a")]: "stopped" });
      });

      it("puts our own changes into the books, so that nobody takes them for a person's", async () => {
        const machines = ["a", "b", "c", "d", "e"].map((word) =>
          word < "c" ? stoppedMachine(idOf(word)) : startedMachine(idOf(word)),
        );
        const actions = [start("a"), start("b"), stop("c"), stop("d"), stop("e"), create(0), create(1)];
        await tick(NOW, { pools: [poolTick(fra, { machines, actions })] }, [
          outcome("done", "a"),
          outcome("alreadyDone", "b"),
          outcome("done", "c"),
          outcome("refused", "d"),
          outcome("unknown", "e"),
          outcome("done", "new"),
          outcome("failed"),
        ]);
        expect(await machinesOf(fra)).toEqual({
          [idOf("a")]: "started",
          [idOf("b")]: "started",
          [idOf("c")]: "stopped",
          [idOf("d")]: "started",
          [idOf("e")]: "started",
          [idOf("new")]: "started",
        });
      });

      it("knows when a pool was last changed: by what was done, not by what was tried", async () => {
        const grown = (words: string[]) => ({ pools: [poolTick(fra, { actions: words.map(start) })] });
        const changedWithin = async (slot: Instant) => {
          const { lastChangeAt } = await recallPool(fra);
          expect(lastChangeAt).toBeGreaterThanOrEqual(slot);
          expect(lastChangeAt).toBeLessThanOrEqual(slot + 5 * SECOND_MS);
        };
        await tick(NOW, grown(["a", "b", "c"]), [outcome("refused"), outcome("failed"), outcome("unknown")]);
        expect((await recallPool(fra)).lastChangeAt).toBeNull();
        const second = NOW + CADENCE_MS;
        await tick(second, grown(["a", "b"]), [outcome("done", "a"), outcome("failed")]);
        await changedWithin(second);
        const third = NOW + 2 * CADENCE_MS;
        await tick(third, grown(["b"]), [outcome("alreadyDone", "b")]);
        await changedWithin(third);
        await tick(NOW + 3 * CADENCE_MS, grown(["c"]), [outcome("refused")]);
        await changedWithin(third);
      });

      it("counts a change for its own pool only", async () => {
        const pools = [poolTick(fra, { actions: [start("a")] }), poolTick(iad)];
        await tick(NOW, { pools }, [outcome("done", "a")]);
        expect((await recallPool(iad)).lastChangeAt).toBeNull();
      });
    });

    describe("phases", () => {
      const SINCE = NOW - HOUR_MS;
      const phased = (word: string, name: Phase, isOurs = false, since: Instant = SINCE): Machine => {
        return { ...startedMachine(idOf(word)), cordoned: isOurs, phase: { name, since, isOurs } };
      };
      const phasesOf = async () =>
        Object.fromEntries((await recallPool(fra)).machines.map(({ id, phase }) => [id, phase]));
      const on = (kind: "cordon" | "uncordon" | "suspend" | "destroy", word: string): Action =>
        kind === "cordon"
          ? { kind, machineId: idOf(word), drainSeconds: 10 }
          : { kind, machineId: idOf(word) };
      const CLOSED = NOW + 5 * SECOND_MS;

      it("are recalled as the last look told them, without its verdict", async () => {
        const stuck = {
          ...phased("b", "warming"),
          phase: { name: "warming", since: SINCE, isOurs: false, isOver: true },
        };
        const machines = [phased("a", "serving"), stuck as Machine, phased("c", "draining", true)];
        await tick(NOW, { pools: [poolTick(fra, { machines })] });
        expect(await phasesOf()).toEqual({
          [idOf("a")]: { name: "serving", since: SINCE, isOurs: false },
          [idOf("b")]: { name: "warming", since: SINCE, isOurs: false },
          [idOf("c")]: { name: "draining", since: SINCE, isOurs: true },
        });
        await tick(NOW + CADENCE_MS, {
          pools: [poolTick(fra, { machines: [phased("c", "serving", false, NOW)] })],
        });
        expect(await phasesOf()).toEqual({ [idOf("c")]: { name: "serving", since: NOW, isOurs: false } });
      });

      it("follow what a tick itself did, and only that", async () => {
        const words = ["start", "stop", "sleep", "gone", "drain", "theirs", "back", "failed"];
        const machines = words.map((word) =>
          word === "back" ? phased(word, "draining", true) : phased(word, "serving"),
        );
        const actions = [
          start("start"),
          stop("stop"),
          on("suspend", "sleep"),
          on("destroy", "gone"),
          on("cordon", "drain"),
          on("cordon", "theirs"),
          on("uncordon", "back"),
          on("cordon", "failed"),
          create(0),
        ];
        const statuses: OutcomeStatus[] = [
          "done",
          "done",
          "done",
          "done",
          "done",
          "alreadyDone",
          "done",
          "failed",
          "done",
        ];
        const outcomes = statuses.map((status, i) => outcome(status, words[i] ?? "made"));
        await tick(NOW, { pools: [poolTick(fra, { machines, actions })] }, outcomes);
        const asked = (name: Phase) => ({ name, since: NOW, isOurs: false });
        const asBefore = { name: "serving", since: SINCE, isOurs: false };
        expect(await phasesOf()).toEqual({
          [idOf("start")]: asked("starting"),
          [idOf("stop")]: asked("stopping"),
          [idOf("sleep")]: asked("stopping"),
          [idOf("drain")]: { name: "draining", since: CLOSED, isOurs: true },
          [idOf("theirs")]: asBefore,
          [idOf("back")]: { name: "serving", since: CLOSED, isOurs: false },
          [idOf("failed")]: asBefore,
          [idOf("made")]: asked("creating"),
        });
        expect((await machinesOf(fra))[idOf("sleep")]).toBe("suspended");
      });

      it("of a machine that was drained, stopped and put back in one tick end with its stop", async () => {
        const machines = [phased("a", "serving")];
        const actions = [on("cordon", "a"), stop("a"), on("uncordon", "a")];
        await tick(
          NOW,
          { pools: [poolTick(fra, { machines, actions })] },
          actions.map(() => outcome("done", "a")),
        );
        expect(await phasesOf()).toEqual({ [idOf("a")]: { name: "stopping", since: NOW, isOurs: false } });
      });

      it("keep our cordon on a machine that could not be put back", async () => {
        const machines = [phased("a", "serving")];
        const actions = [on("cordon", "a"), stop("a"), on("uncordon", "a")];
        const statuses: OutcomeStatus[] = ["done", "done", "failed"];
        await tick(
          NOW,
          { pools: [poolTick(fra, { machines, actions })] },
          statuses.map((status) => outcome(status, "a")),
        );
        expect(await phasesOf()).toEqual({ [idOf("a")]: { name: "stopping", since: NOW, isOurs: true } });
      });

      it("count the stuck machines that were replaced within a day, unless their stop failed", async () => {
        const replaced = (word: string): Action => ({
          kind: "stop",
          machineId: idOf(word),
          because: "stuck",
        });
        const count = async (now: Instant) => (await recallPool(fra, now)).tally.replacedToday;
        const actions = [replaced("a"), replaced("b"), replaced("c"), stop("d")];
        const statuses: OutcomeStatus[] = ["done", "refused", "unknown", "done"];
        await tick(
          NOW,
          { pools: [poolTick(fra, { actions })] },
          statuses.map((status, i) => outcome(status, "abcd"[i])),
        );
        expect(await count(NOW + HOUR_MS)).toBe(2);
        expect(await count(NOW + 24 * HOUR_MS)).toBe(0);
      });
    });

    describe("what it counts", () => {
      /** A tick in mode act that decided so. */
      const decided = (kind: "hold" | "grow" | "shrink", mode: Mode = "act") => {
        const given = poolTick(fra);
        return { pools: [poolTick(fra, { mode, decision: { ...given.decision, kind } })] };
      };
      const tallyAt = async (now: Instant) => (await recallPool(fra, now)).tally;

      it("counts changes of direction within a day, of what was acted on", async () => {
        const kinds = ["grow", "grow", "hold", "shrink", "hold", "shrink", "grow", "shrink"] as const;
        for (const [i, kind] of kinds.entries()) await tick(NOW + i * HOUR_MS, decided(kind));
        await tick(NOW + 8 * HOUR_MS, decided("grow", "advise"));
        expect((await tallyAt(NOW + 9 * HOUR_MS)).changesToday).toBe(3);
        // Of the grows only that of the sixth hour is left: it was changed once.
        expect((await tallyAt(NOW + 30 * HOUR_MS - 1)).changesToday).toBe(1);
        expect((await tallyAt(NOW + 31 * HOUR_MS)).changesToday).toBe(0);
      });

      it("adds up machine-hours from change to change, and begins anew with the month", async () => {
        const july = Date.UTC(2026, 6, 1);
        const running = (count: number) => ({
          pools: [
            poolTick(fra, {
              machines: Array.from({ length: 5 }, (_, i) =>
                i < count ? startedMachine(idOf(`${i}`)) : stoppedMachine(idOf(`${i}`)),
              ),
            }),
          ],
        });
        const spentAt = async (now: Instant) => (await tallyAt(now)).spentMachineHours;
        await tick(july - 10 * HOUR_MS, running(2));
        expect(await spentAt(july - 8 * HOUR_MS)).toBeCloseTo(4, 6);
        await tick(july - 6 * HOUR_MS, running(4));
        expect(await spentAt(july - 1 * HOUR_MS)).toBeCloseTo(8 + 20, 6);
        expect(await spentAt(july + 1 * HOUR_MS)).toBeCloseTo(4, 6);
        await tick(july + 2 * HOUR_MS, running(1));
        expect(await spentAt(july + 5 * HOUR_MS)).toBeCloseTo(8 + 3, 6);
      });

      it("counts machines that it started and stopped itself from the moment it did", async () => {
        const machines = [startedMachine(idOf("a")), stoppedMachine(idOf("b"))];
        await tick(NOW, { pools: [poolTick(fra, { machines, actions: [start("b")] })] }, [
          outcome("done", "b"),
        ]);
        const spent = (await tallyAt(NOW + 5 * SECOND_MS + HOUR_MS)).spentMachineHours;
        expect(spent).toBeCloseTo(2 + 5 / 3_600, 6);
      });

      it("counts no machine-hours where the machines were never read", async () => {
        await tick(NOW, { pools: [poolTick(fra, { machines: null })] });
        expect(await tallyAt(NOW + HOUR_MS)).toEqual({
          changesToday: 0,
          spentMachineHours: null,
          spentUsd: null,
          replacedToday: 0,
        });
      });
    });

    describe("boots", () => {
      const bootsOf = async (pool: PoolKey, now: Instant = NOW) => (await recallPool(pool, now)).boots;
      const many = (count: number, changes: Partial<Boot> = {}, seconds = (i: number) => i + 1) =>
        Array.from({ length: count }, (_, i) => boot(idOf(`m${i}`), seconds(i), changes));

      it("are recalled as percentiles, per path and evidence", async () => {
        const boots = [
          ...many(100),
          ...many(3, { path: "create" }, (i) => 30.1234567 + i),
          boot(idOf("r1"), 1, { path: "resume", evidence: "atMost" }),
          boot(idOf("r2"), 2, { path: "resume", evidence: "atMost" }),
          boot(idOf("slow"), 700, { evidence: "atLeast" }),
        ];
        await tick(NOW, { pools: [poolTick(fra, { boots }), poolTick(iad)] });
        expect(await bootsOf(fra)).toEqual([
          { path: "create", evidence: "event", count: 3, p50: 31.123, p95: 32.023, p99: 32.103 },
          { path: "resume", evidence: "atMost", count: 2, p50: 1.5, p95: 1.95, p99: 1.99 },
          { path: "start", evidence: "atLeast", count: 1, p50: 700, p95: 700, p99: 700 },
          { path: "start", evidence: "event", count: 100, p50: 50.5, p95: 95.05, p99: 99.01 },
        ]);
        expect(await bootsOf(iad), "of another pool").toEqual([]);
      });

      it("told again count once, with the better of the two evidences", async () => {
        const first = boot(idOf("a"), 60, { evidence: "atMost" });
        const exact: Boot = {
          ...first,
          path: "resume",
          seconds: 3.5,
          servingAt: NOW - 56_500,
          evidence: "event",
        };
        await tick(NOW, { pools: [poolTick(fra, { boots: [first, { ...first, evidence: "atLeast" }] })] });
        expect(await bootsOf(fra)).toMatchObject([{ evidence: "atMost", count: 1, p50: 60 }]);
        await tick(NOW + CADENCE_MS, { pools: [poolTick(fra, { boots: [exact] })] });
        await tick(NOW + 2 * CADENCE_MS, { pools: [poolTick(fra, { boots: [first] })] });
        expect(await bootsOf(fra)).toEqual([
          { path: "resume", evidence: "event", count: 1, p50: 3.5, p95: 3.5, p99: 3.5 },
        ]);
      });

      it("count for 30 days, and the newest 200 of them", async () => {
        const day = (days: number) => ({ askedAt: NOW - days * 24 * HOUR_MS });
        const old = many(150, day(31), () => 500);
        const recent = many(150, day(20), () => 300);
        const newest = many(150, day(1), () => 100);
        await tick(NOW, { pools: [poolTick(fra, { boots: [...old, ...recent, ...newest] })] });
        expect(await bootsOf(fra)).toEqual([
          { path: "start", evidence: "event", count: 200, p50: 100, p95: 300, p99: 300 },
        ]);
        expect(await bootsOf(fra, NOW + 15 * 24 * HOUR_MS)).toMatchObject([{ count: 150, p99: 100 }]);
        expect(await bootsOf(fra, NOW + 60 * 24 * HOUR_MS)).toEqual([]);
      });

      it("and the look are remembered from the tick that read the machines", async () => {
        await tick(NOW);
        await tick(NOW + CADENCE_MS, { pools: [poolTick(fra, { machines: null })] });
        expect((await recallPool(fra)).lookedAt).toBe(NOW);
        await tick(NOW + 2 * CADENCE_MS);
        expect((await recallPool(fra)).lookedAt).toBe(NOW + 2 * CADENCE_MS);
      });

      it("are not written by a tick that lost its lease", async () => {
        const old = await hold(NOW, SHORT_MS);
        await harness.elapse(PAST_SHORT_MS);
        await hold(NOW);
        const late = open(old, { pools: [poolTick(fra, { boots: [boot(idOf("a"), 5)] })] });
        await expect(late).rejects.toEqual(staleFence);
        expect(await history.recall(app, NOW)).toEqual([]);
      });
    });

    describe("findings", () => {
      const full: NoRoom = { machineId: null, since: NOW, until: NOW + HOUR_MS, why: "region" };
      const stuck: NoRoom = { machineId: "m1", since: NOW, until: NOW + MINUTE_MS, why: "host" };

      async function find(slot: Instant, findings?: CloseTick["findings"]): Promise<void> {
        const lease = await hold(slot);
        await open(lease, { pools: [poolTick(fra), poolTick(iad)] });
        await close(lease, [], findings === undefined ? {} : { findings });
      }

      it("keeps what there was no room for, of its own pool only, until a later tick says otherwise", async () => {
        await find(NOW, [{ pool: fra, proxy: null, noRoom: [full, stuck] }]);
        expect((await recallPool(fra)).noRoom).toEqual([full, stuck]);
        expect((await recallPool(iad)).noRoom).toBeUndefined();
        await find(NOW + CADENCE_MS);
        expect((await recallPool(fra)).noRoom, "a tick that says nothing").toEqual([full, stuck]);
        await find(NOW + 2 * CADENCE_MS, [{ pool: fra, proxy: null, noRoom: [] }]);
        expect((await recallPool(fra)).noRoom).toBeUndefined();
      });

      it("are written under the fence", async () => {
        const stale = await hold(NOW, SHORT_MS);
        await harness.elapse(PAST_SHORT_MS);
        const findings = [{ pool: fra, proxy: "it may stop machines", noRoom: [full] }];
        await find(NOW + CADENCE_MS);
        await expect(close(stale, [], { findings })).rejects.toEqual(staleFence);
        expect((await recallPool(fra)).noRoom).toBeUndefined();
      });
    });

    describe("lease and fence", () => {
      it("refuses to open an attempt twice, and the second call changes nothing", async () => {
        const lease = await hold();
        const machines = [startedMachine(idOf("a"))];
        const intents = await open(lease, { pools: [poolTick(fra, { machines, actions: [start("a")] })] });
        const again = { pools: [poolTick(fra, { machines: [], actions: [stop("a")] }), poolTick(iad)] };
        await expect(open(lease, again)).rejects.not.toThrow(/fence/);
        expect((await history.recall(app, NOW)).map(({ pool }) => pool)).toEqual([fra]);
        expect(await machinesOf(fra)).toEqual({ [idOf("a")]: "started" });
        expect((await recallPool(fra)).openIntents).toEqual(intents);
        expect((await harness.written(app)).rows).toHaveLength(1);
      });

      it("refuses to open an attempt without pools twice, too", async () => {
        const lease = await hold();
        await open(lease, { pools: [] });
        await expect(open(lease, { pools: [] })).rejects.toThrow();
      });

      it("writes all or nothing: one pool twice in a tick leaves no trace", async () => {
        const [intent] = await tick(NOW, { pools: [poolTick(fra, { actions: [start("a")] })] });
        const lease = await hold(NOW + CADENCE_MS);
        const wrong = open(lease, {
          pools: [poolTick(iad, { actions: [start("i")] }), poolTick(fra), poolTick(fra)],
          resolved: [{ intentId: intent!.id, outcome: outcome("done", "a") }],
        });
        await expect(wrong).rejects.toThrow();
        expect((await recallPool(fra)).openIntents).toEqual([intent]);
        expect(await history.recall(app, NOW)).toHaveLength(1);
        expect((await harness.written(app)).rows).toHaveLength(1);
        await open(lease, { pools: [poolTick(iad)] });
        expect(await history.recall(app, NOW)).toHaveLength(2);
      });

      it("keeps the next attempt of a slot beside the one before", async () => {
        await open(await hold(NOW, SHORT_MS));
        await harness.elapse(PAST_SHORT_MS);
        await tick(NOW);
        const { rows } = await harness.written(app);
        expect(rows.map(({ slot, attempt }) => [slot, attempt])).toEqual([
          [NOW, 1],
          [NOW, 2],
        ]);
      });

      it("lets a tick with an old fence write nothing, neither opening nor closing", async () => {
        const old = await hold(NOW, SHORT_MS);
        const [intent] = await open(old, { pools: [poolTick(fra, { actions: [start("a")] })] });
        await harness.elapse(PAST_SHORT_MS);
        const newest = await hold(NOW);
        const late: Partial<OpenTick> = {
          pools: [poolTick(iad, { actions: [start("i")] })],
          resolved: [{ intentId: intent!.id, outcome: outcome("done", "a") }],
          retired: [fra],
        };
        await expect(open(old, late)).rejects.toEqual(staleFence);
        await expect(close(old, late.resolved)).rejects.toEqual(staleFence);
        const memories = await history.recall(app, NOW);
        expect(memories.map(({ pool, openIntents }) => [pool, openIntents])).toEqual([[fra, [intent]]]);
        expect(await harness.leases.isHeld(newest)).toBe(true);
        await open(newest);
        await close(newest);
      });

      it("lets a lease that ran out write nothing, even where nobody took over", async () => {
        const lease = await hold(NOW, SHORT_MS);
        await harness.elapse(PAST_SHORT_MS);
        await expect(open(lease)).rejects.toEqual(staleFence);
        await expect(close(lease)).rejects.toEqual(staleFence);
        expect(await history.recall(app, NOW)).toEqual([]);
        expect(await hold(NOW)).toMatchObject({ attempt: 2 });
      });

      it("lets only the holder through when old and new ticks write at once", async () => {
        const old = await hold();
        await harness.leases.release(old);
        const newest = await hold();
        const written = await Promise.allSettled([
          ...Array.from({ length: 10 }, () => open(old, { pools: [poolTick(iad)] })),
          open(newest, { pools: [poolTick(fra, { actions: [start("a")] })] }),
          ...Array.from({ length: 10 }, () => close(old)),
        ]);
        const refused = written.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
        expect(refused).toHaveLength(20);
        expect(refused.every(isStaleFenceError)).toBe(true);
        expect((await history.recall(app, NOW)).map(({ pool }) => pool)).toEqual([fra]);
        expect(await harness.leases.isHeld(newest)).toBe(true);
      });

      it("lets one of twenty openings of the same attempt through", async () => {
        const lease = await hold();
        const pools = [poolTick(fra, { actions: [start("a")] })];
        const opened = await Promise.allSettled(Array.from({ length: 20 }, () => open(lease, { pools })));
        const intents: Intent[] = opened.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
        expect(intents).toHaveLength(1);
        expect((await recallPool(fra)).openIntents).toEqual(intents);
      });

      it("closes the slot for good and gives the lease up", async () => {
        const lease = await hold();
        await open(lease);
        await close(lease, [], { summary: { msPerStep: { observe: 12.5 }, failed: ["samples"] } });
        expect(await harness.leases.isHeld(lease)).toBe(false);
        expect((await harness.leases.acquire(app, NOW, LONG_MS)).status).toBe("closed");
        expect((await harness.leases.acquire(app, NOW + CADENCE_MS, LONG_MS)).status).toBe("held");
        expect((await harness.written(app)).summaries).toEqual([
          { msPerStep: { observe: 12.5 }, failed: ["samples"] },
        ]);
      });

      it("refuses to write after the tick was closed", async () => {
        const lease = await hold();
        await open(lease);
        await close(lease);
        await expect(close(lease)).rejects.toEqual(staleFence);
        await expect(open(lease)).rejects.toEqual(staleFence);
      });

      it("closes a slot whose tick never opened", async () => {
        const lease = await hold();
        await close(lease);
        expect((await harness.leases.acquire(app, NOW, LONG_MS)).status).toBe("closed");
      });
    });

    describe("unreached apps", () => {
      it("notes each app once per slot, and forgets it when a later tick of it closes", async () => {
        const other = `${app}-other`;
        await history.recordUnreached(NOW, [app, other], NOW);
        await history.recordUnreached(NOW, [app], NOW + SECOND_MS);
        await history.recordUnreached(NOW + CADENCE_MS, [app], NOW + CADENCE_MS);
        expect([...(await harness.unreached(app))].sort()).toEqual([NOW, NOW + CADENCE_MS]);
        await tick(NOW);
        expect(await harness.unreached(app)).toEqual([NOW + CADENCE_MS]);
        await tick(NOW + CADENCE_MS);
        expect(await harness.unreached(app)).toEqual([]);
        expect(await harness.unreached(other)).toEqual([NOW]);
      });

      it("takes an empty list", async () => {
        await history.recordUnreached(NOW, [], NOW);
        expect(await harness.unreached(app)).toEqual([]);
      });
    });
  });
}
