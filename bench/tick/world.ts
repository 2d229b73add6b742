/**
 * A whole installation to measure from outside: functions/auto-scaling served by Deno, with a counting door before each thing
 * that it talks to. Redis bills by commands, which its bridge counts; Fly's calls stand in the simulator's tally.
 */
import { floorTo, formatInstant, type Instant, MINUTE_MS } from "../../src/core/time.ts";
import { type Installation, startInstallation } from "../../src/local/installation.ts";
import { type CountingProxy, startCountingProxy } from "./counting-proxy.ts";
import { rememberWeeks, sendMinutes } from "./memories.ts";
import { type CpuMs, peakMb, processCpu } from "./process-use.ts";

const START: Instant = Date.UTC(2026, 0, 7, 8);
const REGIONS = [
  "ams",
  "arn",
  "cdg",
  "dfw",
  "ewr",
  "fra",
  "gru",
  "iad",
  "lax",
  "lhr",
  "nrt",
  "ord",
  "sin",
  "syd",
];
/** Tables and indexes are warm, and what the planner knows of them is true. */
const ANALYZED = ["traffic_samples", "worker_regions", "workers", "forecast_state"];

export type Fleet = {
  readonly name: string;
  readonly apps: number;
  readonly regions: number;
  readonly groups: number;
};

/** What one tick cost. */
export type Cost = {
  /** Of the thread that runs the function. */
  readonly cpuMs: number;
  readonly allCpuMs: number;
  readonly wallMs: number;
  /** Memory of the process at most, since it began. */
  readonly peakMb: number;
  readonly sqlTurns: number;
  readonly redisCommands: number;
  readonly flyCalls: number;
  readonly sqlBytes: number;
  readonly redisBytes: number;
  readonly flyBytes: number;
  /** Machines that were moved, and pools whose large state was saved. */
  readonly moved: number;
  readonly checkpoints: number;
};

export type BenchWorld = {
  readonly installation: Installation;
  readonly pools: number;
  /** Moves to the next slot, with the minutes until then; `factor` lifts the load of some pools. */
  nextSlot(factor?: (poolId: number) => number): Promise<void>;
  /** One tick of all apps, as cron calls it. */
  tick(): Promise<Cost>;
  /** A fresh process; answers the CPU that it used until it listened. */
  freshProcess(): Promise<CpuMs>;
  close(): Promise<void>;
};

export async function startWorld(fleet: Fleet, cadenceMinutes: 15 | 1 = 15): Promise<BenchWorld> {
  const cadenceMs = cadenceMinutes * MINUTE_MS;
  const regions = REGIONS.slice(0, fleet.regions);
  const machines = Array.from({ length: fleet.groups }, (_, g) =>
    regions.flatMap((region) => {
      const place = { region, processGroup: fleet.groups === 1 ? "app" : `group${g + 1}` };
      return [
        { ...place, count: 2 },
        { ...place, count: 2, state: "stopped" as const },
      ];
    }),
  ).flat();
  const apps = Array.from({ length: fleet.apps }, (_, i) => ({ name: `app${i + 1}`, machines }));
  const installation = await startInstallation({
    signals: true,
    fly: { seed: 1, start: START, apps },
    env: { CADENCE_MINUTES: String(cadenceMinutes) },
  });
  const { sql, fly, stack } = installation;
  const doors: CountingProxy[] = [];
  const doorTo = async (url: string) => {
    const parsed = new URL(url);
    const door = await startCountingProxy(Number(parsed.port));
    doors.push(door);
    parsed.port = String(door.port);
    return { door, url: parsed.href.replace(/\/$/, "") };
  };
  const toSql = await doorTo(installation.env.DATABASE_URL!);
  const toRedis = await doorTo(installation.env.REDIS_URL!);
  const toFly = await doorTo(installation.env.FLY_API_URL!);
  const env = {
    ...installation.env,
    DATABASE_URL: toSql.url,
    REDIS_URL: toRedis.url,
    FLY_API_URL: toFly.url,
  };

  const look = () => ({
    sql: toSql.door.counts(),
    redis: toRedis.door.counts(),
    fly: toFly.door.counts(),
    commands: stack.servers.redis.commands(),
    calls: Object.values(fly.tally()).reduce((sum, count) => sum + count, 0),
    moves: fly.log().length,
  });
  const pid = () => stack.functions.get("auto-scaling")!.pid;
  const setNow = async () => {
    const now = formatInstant(fly.now());
    await sql`update flyahead.settings set value = ${now} where name = 'simulated_now'`;
  };

  async function tick(): Promise<Cost> {
    const before = look();
    const cpuBefore = processCpu(pid());
    const began = performance.now();
    const answer = await installation.call("auto-scaling", { method: "POST", body: "{}" });
    const text = await answer.text();
    const wallMs = performance.now() - began;
    const cpu = processCpu(pid());
    const after = look();
    const { apps: told } = JSON.parse(text) as { apps?: { status: string }[] };
    if (told?.length !== fleet.apps || told.some(({ status }) => status !== "done"))
      throw new Error(`a tick of ${fleet.name} was answered ${answer.status}: ${text.slice(0, 500)}`);
    const bytes = (name: "sql" | "redis" | "fly") =>
      after[name].sentBytes + after[name].receivedBytes - before[name].sentBytes - before[name].receivedBytes;
    const [saved] = await sql<{ count: number }[]>`
      select count(*)::integer as count from flyahead.forecast_state where cold_saved_at = saved_at`;
    return {
      cpuMs: cpu.main - cpuBefore.main,
      allCpuMs: cpu.all - cpuBefore.all,
      wallMs,
      peakMb: peakMb(pid()),
      sqlTurns: after.sql.turns - before.sql.turns,
      redisCommands: after.commands - before.commands,
      flyCalls: after.calls - before.calls,
      sqlBytes: bytes("sql"),
      redisBytes: bytes("redis"),
      flyBytes: bytes("fly"),
      moved: after.moves - before.moves,
      checkpoints: saved!.count,
    };
  }

  const world: BenchWorld = {
    installation,
    pools: fleet.apps * fleet.regions * fleet.groups,
    async nextSlot(factor) {
      const from = floorTo(fly.now(), cadenceMs);
      fly.advanceTo(from + cadenceMs);
      await setNow();
      await sendMinutes(sql, from, from + cadenceMs, factor);
    },
    tick,
    async freshProcess() {
      await stack.restartFunction("auto-scaling", env);
      return processCpu(pid());
    },
    async close() {
      await installation.close();
      await Promise.all(doors.map((door) => door.close()));
    },
  };
  try {
    await world.freshProcess();
    await tick();
    await sql`update flyahead.worker_regions set mode = 'act', min_workers = 1, max_workers = 6`;
    await rememberWeeks(sql, fly.now() - (fly.now() % cadenceMs), cadenceMs);
    for (const table of ANALYZED) await sql.unsafe(`analyze flyahead.${table}`);
    return world;
  } catch (error) {
    await world.close();
    throw error;
  }
}
