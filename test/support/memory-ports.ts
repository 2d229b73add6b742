/** Every port of a tick in memory, over one database, with the hands to arrange a scene and to look at what came of it. */
import { createMemoryCache } from "../../src/adapters/memory/cache.ts";
import { createMemoryClock } from "../../src/adapters/memory/clock.ts";
import { createMemoryDatabase, type MemoryDatabase } from "../../src/adapters/memory/database.ts";
import { createMemoryHistory, type MemoryHistory } from "../../src/adapters/memory/history.ts";
import { createMemoryLeases } from "../../src/adapters/memory/leases.ts";
import { createMemoryLock } from "../../src/adapters/memory/lock.ts";
import { createMemoryMachineApi, type MemoryMachineApi } from "../../src/adapters/memory/machine-api.ts";
import { createMemoryNotifier } from "../../src/adapters/memory/notifier.ts";
import { createMemoryPulls } from "../../src/adapters/memory/pulls.ts";
import { createMemorySamples } from "../../src/adapters/memory/samples.ts";
import type { Machine } from "../../src/core/fleet.ts";
import { type Instant, MINUTE_MS } from "../../src/core/time.ts";
import { type CapacityScope, MachineApiError, type MachineApiErrorKind } from "../../src/errors.ts";
import type { MachineApi, TickPorts } from "../../src/ports.ts";
import type { TickSettings } from "../../src/tick/settings.ts";
import { CADENCE_MS, NOW, POOL, policy } from "../core/examples.ts";

export type LogLine = { step: string; facts: Record<string, unknown> };
export type Scene = {
  readonly ports: TickPorts & {
    history: MemoryHistory;
    machineApi: MemoryMachineApi;
    notifier: { heartbeats(): number };
    clock: { set(instant: Instant): void };
  };
  readonly database: MemoryDatabase;
  readonly log: LogLine[];
  /** What was asked of Fly, as "start m1". */
  readonly calls: string[];
  /** The next calls of this method fail so, before they act or after they acted. */
  fail(method: keyof MachineApi, kinds: readonly MachineApiErrorKind[], more?: Failure): void;
  /** Minutes before now, of the example pool. */
  feed(minutes: number, requests: number): Promise<void>;
};
export type Failure = {
  readonly after?: boolean;
  readonly retryAfterMs?: number;
  readonly scope?: CapacityScope;
};

export const SETTINGS: TickSettings = {
  cadenceMs: CADENCE_MS,
  binMs: MINUTE_MS,
  defaultPolicy: policy(),
  deadlineMs: 100_000,
  leaseTtlMs: 150_000,
  concurrency: 2,
};

export function memoryScene(apps: Readonly<Record<string, readonly Machine[]>>, now: Instant = NOW): Scene {
  const clock = createMemoryClock(now);
  const database = createMemoryDatabase(clock.now);
  const machineApi = createMemoryMachineApi({ apps, now: clock.now });
  const samples = createMemorySamples(database);
  const log: LogLine[] = [];
  const calls: string[] = [];
  const failures = new Map<string, { kind: MachineApiErrorKind; more: Failure }[]>();

  async function call<T>(method: keyof MachineApi, subject: string, act: () => Promise<T>): Promise<T> {
    calls.push(`${method} ${subject}`);
    const failure = failures.get(method)?.shift();
    if (failure === undefined) return act();
    if (failure.more.after) await act();
    throw new MachineApiError(failure.kind, `Fly said ${failure.kind}`, {
      retryAfterMs: failure.more.retryAfterMs ?? null,
      scope: failure.more.scope ?? null,
    });
  }

  let tokens = 0;
  return {
    database,
    log,
    calls,
    fail(method, kinds, more = {}) {
      failures.set(method, [...(failures.get(method) ?? []), ...kinds.map((kind) => ({ kind, more }))]);
    },
    async feed(minutes, requests) {
      const until = Math.floor(clock.now() / MINUTE_MS) * MINUTE_MS;
      const at = (i: number) => until - (minutes - i) * MINUTE_MS;
      const list = Array.from({ length: minutes }, (_, i) => ({ pool: POOL, at: at(i), requests }));
      await samples.store(list, clock.now());
    },
    ports: {
      clock,
      log: (step, facts) => void log.push({ step, facts }),
      machineApi: {
        put: machineApi.put,
        hold: machineApi.hold,
        held: machineApi.held,
        list: (app) => call("list", app, () => machineApi.list(app)),
        get: (app, id) => call("get", id, () => machineApi.get(app, id)),
        start: (app, id) => call("start", id, () => machineApi.start(app, id)),
        keepMinRunning: (app, id, least) =>
          call("keepMinRunning", id, () => machineApi.keepMinRunning(app, id, least)),
        stop: (app, id) => call("stop", id, () => machineApi.stop(app, id)),
        suspend: (app, id) => call("suspend", id, () => machineApi.suspend(app, id)),
        cordon: (app, id) => call("cordon", id, () => machineApi.cordon(app, id)),
        uncordon: (app, id) => call("uncordon", id, () => machineApi.uncordon(app, id)),
        destroy: (app, id) => call("destroy", id, () => machineApi.destroy(app, id)),
        create: (app, request) => call("create", request.name, () => machineApi.create(app, request)),
      },
      lock: createMemoryLock(clock.now),
      leases: createMemoryLeases(database),
      history: createMemoryHistory(database),
      samples,
      trafficSource: null,
      pulls: createMemoryPulls(database),
      notifier: createMemoryNotifier(),
      cache: createMemoryCache(clock.now),
      chance: () => 1,
      newToken: () => `token-${++tokens}`,
    },
  };
}
