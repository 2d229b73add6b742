/**
 * The fault matrix on the real local stack: at every call of every step of a tick each of the faults, then the next two
 * slots; whatever it was, the invariants hold. What each cell came to is in test/scenarios/faults-*.txt; docs/faults.md
 * explains it.
 *
 *   exception   the port throws before it acts; in 4 to 7 the function of the step does
 *   timeout     the call is lost and no answer comes; in 4 to 7 the step takes longer than the tick may
 *   killed      SIGKILL of Deno's process when the call is done (before it: that is after the one before)
 *   cut         the call is done, then the connection is cut; Deno
 *   slow        half a minute: over HTTP the caller gives up, and the call is done all the same when nobody expects it
 *   +1 h, -1 h  the process's clock jumps at this call and is right again after the tick
 *
 * Deno serves the function where a door can do it; what only a port or a clock can do is done to the same parts in this
 * process (function-here.ts). The slot after it is called in the process that was struck, the one after that in Deno.
 */
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPostgresSamples } from "../../src/adapters/postgres/samples.ts";
import { MINUTE_MS } from "../../src/core/time.ts";
import type { MachineSeed } from "../../src/sim/fly/options.ts";
import { activeOf, historyOf } from "../support/books.ts";
import { type Lab, startLab, type TickReply } from "../support/installation.ts";
import { elapseHolds, faultsAtOnce, faultsInTheEnd } from "./evidence.ts";
import { type FunctionHere, functionHere } from "./function-here.ts";
import { type Door, type How, LATE_MS } from "./harm.ts";
import { openHttpDoor } from "./http-door.ts";
import { type Direction, type DoorName, INSIDE, type InsideStep, PLACES, type Place } from "./places.ts";
import { openPostgresDoor } from "./postgres-door.ts";

const FAULTS = ["exception", "timeout", "killed", "cut", "slow", "+1 h", "-1 h"] as const;
type Fault = (typeof FAULTS)[number];
const HOUR_MS = 60 * MINUTE_MS;
const BOUNDS = { min: 1, max: 5 };
const TERMS = { leaseMs: 150_000, machineMs: 20_000 };
const DEADLINE_MS = 100_000;

const HEAD = `# What the caller of a tick was told when it was struck there. Two slots later every one of them is well
# (test/faults/matrix.ts). Written anew with UPDATE_FAULTS=1 npx vitest run test/faults/matrix.

`;

const DIRECTIONS: Record<Direction, { machines: readonly MachineSeed[]; load: number; to: number }> = {
  grow: {
    machines: [
      { region: "fra", count: 2 },
      { region: "fra", state: "stopped" },
    ],
    load: 5_000,
    to: BOUNDS.max,
  },
  shrink: { machines: [{ region: "fra", count: 5 }], load: 10, to: BOUNDS.min },
};

type Row = { readonly step: number; readonly name: string; readonly place: Place | null };
const rowsOf = (direction: Direction): readonly Row[] => ROWS[direction];
const ROWS = { grow: makeRows("grow"), shrink: makeRows("shrink") };
function makeRows(direction: Direction): Row[] {
  return [
    ...PLACES.filter(({ only = direction }) => only === direction).map((place) => ({ ...place, place })),
    ...INSIDE.map((inside) => ({ ...inside, place: null })),
  ].sort((a, b) => a.step - b.step);
}

/** Whether there is anything to try: a pure step has no connection, and its death is that before the next call. */
function isMeant({ step, place }: Row, fault: Fault): boolean {
  if (step === 1 && place === null) return fault.endsWith(" h");
  if (place === null) return !isDeno(fault);
  return fault !== "exception" || place.port !== undefined;
}
const cellsOf = (direction: Direction, row: Row) =>
  FAULTS.filter((fault) => isMeant(row, fault)).map((fault) => {
    return { row, fault, app: `${direction}-${rowsOf(direction).indexOf(row)}-${FAULTS.indexOf(fault)}` };
  });
type Cell = ReturnType<typeof cellsOf>[number];

let lab: Lab;
let here: FunctionHere;
let doors: Record<DoorName, Door>;
let doorEnv: Record<string, string>;
const closers: (() => Promise<unknown>)[] = [];

async function listenForBeats(): Promise<string> {
  const server = createServer((_, response) => void response.writeHead(204).end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function prepare(direction: Direction): Promise<void> {
  const { machines } = DIRECTIONS[direction];
  const cells = rowsOf(direction).flatMap((row) => cellsOf(direction, row));
  const apps = [...cells.map(({ app }) => app), `${direction}-unharmed`];
  lab = await startLab(Object.fromEntries(apps.map((app) => [app, machines])), {
    env: { SCALING_COOLDOWN_SECONDS: "600", STABILISATION_SECONDS: "600", APPS_AT_A_TIME: "8" },
  });
  doors = {
    fly: await openHttpDoor(lab.flyUrl, 10_000, lab.fly),
    redis: await openHttpDoor(lab.stack.redis.url, 1_000, lab.fly),
    postgres: await openPostgresDoor(lab.env.DATABASE_URL!, lab.fly),
    heartbeat: await openHttpDoor(await listenForBeats(), 3_000, lab.fly),
  };
  doorEnv = {
    ...lab.env,
    FLY_API_URL: doors.fly.url,
    REDIS_URL: doors.redis.url,
    DATABASE_URL: doors.postgres.url,
    HEARTBEAT_URL: `${doors.heartbeat.url}/beat`,
  };
  await lab.stack.restartFunction("auto-scaling", doorEnv);
  here = await functionHere(doorEnv, lab.token, lab.fly);
  lab.nextSlot();
  const { body } = await lab.tick(apps);
  expect(body.apps.map(({ status }: { status: string }) => status)).toEqual(apps.map(() => "done"));
  await lab.sql`update flyahead.worker_regions set mode = 'act', min_workers = ${BOUNDS.min}, max_workers = ${BOUNDS.max},
    unserved_price = 2, requests_per_worker = 500`;
  // The database's clock runs with the simulator's, so that it can tell whose clock is wrong.
  await lab.sql`insert into flyahead.settings (name, value) values ('slot_ahead', '1 minute')`;
}

async function slotWith(apps: readonly string[], minutes: number, load: number): Promise<void> {
  const until = lab.nextSlot();
  await lab.sql`update flyahead.settings set value = ${new Date(until).toISOString()} where name = 'simulated_now'`;
  const samples = apps.flatMap((app) =>
    Array.from({ length: minutes }, (_, i) => ({
      pool: { app, region: "fra", processGroup: "app" },
      at: until - (minutes - i) * MINUTE_MS,
      requests: load,
    })),
  );
  await createPostgresSamples(lab.sql).store(samples, lab.fly.now());
}

const HOW: Record<Exclude<Fault, "exception">, How> = {
  timeout: "drop",
  killed: "cut",
  cut: "cut",
  slow: "late",
  "+1 h": "pass",
  "-1 h": "pass",
};

function arm({ row: { step, place }, fault }: Cell): void {
  const deno = lab.stack.functions.get("auto-scaling")!;
  const effects: Partial<Record<Fault, () => void>> = {
    killed: () => void deno.kill(),
    "+1 h": () => here.jumpClock(HOUR_MS),
    "-1 h": () => here.jumpClock(-HOUR_MS),
  };
  if (place === null) {
    const inside: Partial<Record<Fault, () => void>> = {
      exception: () => {
        throw new Error("this step failed in this test");
      },
      timeout: () => lab.fly.sleep(DEADLINE_MS + 1),
      slow: () => lab.fly.sleep(LATE_MS),
    };
    if (step === 1) effects[fault]!();
    else here.strikeInside(step as InsideStep, inside[fault] ?? effects[fault]!);
    return;
  }
  if (fault === "exception") {
    here.throwAt(place.port!);
    return;
  }
  const struck = effects[fault];
  doors[place.door].arm({ call: place.call, how: HOW[fault], ...(struck && { struck }) });
}

const isDeno = (fault: Fault) => fault === "cut" || fault === "killed";

/** What the caller was told, in a word. How much of it Fly had done by then depends on how busy the machine is. */
function told(reply: TickReply | null): string {
  if (reply === null || reply.status === 502) return "no answer";
  return reply.body.apps?.[0]?.status ?? reply.body.type?.split(":").at(-1);
}

type Struck = { readonly cell: Cell; readonly word: string; readonly about: string };

async function strike(cell: Cell): Promise<Struck> {
  const { app, fault, row } = cell;
  arm(cell);
  const reply = await (isDeno(fault) ? lab.tick(app).catch(() => null) : here.tick([app]));
  const struck = [here.settle()];
  for (const door of Object.values(doors)) struck.push(await door.settle());
  const about = `step ${row.step}, ${row.name}, ${fault}: ${JSON.stringify(reply?.body)}`;
  if (row.step !== 1 || row.place !== null) expect(struck, `nothing was struck: ${about}`).toContain(true);
  const word = told(reply);
  if (fault === "killed") await lab.stack.restartFunction("auto-scaling", doorEnv);
  expect(await faultsAtOnce(lab, app, BOUNDS, TERMS), about).toEqual([]);
  await elapseHolds(lab, app);
  return { cell, word, about };
}

/** Each cell in a slot of its own app; then the next two slots, for all of them together. */
async function runRow(cells: readonly Cell[], load: number, to: number): Promise<readonly Struck[]> {
  const apps = cells.map(({ app }) => app);
  await slotWith(apps, 60, load);
  const struck: Struck[] = [];
  for (const cell of cells) struck.push(await strike(cell));
  await slotWith(apps, 15, load);
  const inDeno = cells.filter(({ fault }) => isDeno(fault)).map(({ app }) => app);
  if (inDeno.length > 0) await lab.tick(inDeno);
  await here.tick(apps.filter((app) => !inDeno.includes(app)));
  await slotWith(apps, 15, load);
  const { body } = await lab.tick(apps);
  for (const { cell, about } of struck) {
    const last = body.apps.find(({ app }: { app: string }) => app === cell.app);
    const all = `${about}; two slots later ${JSON.stringify(last)}`;
    expect(last.status, all).toBe("done");
    expect(await faultsInTheEnd(lab, cell.app, BOUNDS, to), all).toEqual([]);
  }
  await turn(struck, load === DIRECTIONS.grow.load ? DIRECTIONS.shrink.load : DIRECTIONS.grow.load, to);
  return struck;
}

/** The load turns round: whatever the fault left in the books must not keep the fleet where it is. */
async function turn(struck: readonly Struck[], load: number, from: number): Promise<void> {
  const apps = struck.map(({ cell }) => cell.app);
  for (let slot = 0; slot < 2; slot++) {
    await slotWith(apps, 15, load);
    await lab.tick(apps);
  }
  for (const { cell, about } of struck) {
    const last = (await historyOf(lab.sql, cell.app)).at(-1)?.reason;
    expect(activeOf(lab.fly, cell.app), `${about}; when the load had turned: ${last}`).not.toBe(from);
    expect(await faultsInTheEnd(lab, cell.app, BOUNDS, null), about).toEqual([]);
  }
}

/** Defines the tests of one half of the matrix. */
export function describeMatrix(direction: Direction): void {
  const scene = DIRECTIONS[direction];
  const words = new Map<string, string>();
  describe(`a tick that would ${direction}`, () => {
    beforeAll(() => prepare(direction));
    afterAll(async () => {
      for (const door of Object.values(doors)) await door.close();
      for (const close of closers.splice(0)) await close();
      await lab.close();
    });

    test("does it, where nothing strikes", async () => {
      const app = `${direction}-unharmed`;
      await slotWith([app], 60, scene.load);
      expect((await here.tick([app])).body.apps[0].status).toBe("done");
      expect(await faultsInTheEnd(lab, app, BOUNDS, scene.to)).toEqual([]);
    });

    test.each(rowsOf(direction))("step $step, $name", async (row) => {
      const struck = await runRow(cellsOf(direction, row), scene.load, scene.to);
      for (const { cell, word } of struck) words.set(`${row.step} ${row.name} ${cell.fault}`, word);
    });

    test("comes to what the table says", async () => {
      const table = tableOf(direction, words);
      const golden = new URL(`../scenarios/faults-${direction}.txt`, import.meta.url);
      if (process.env.UPDATE_FAULTS === "1") await writeFile(golden, table);
      expect(table).toBe(await readFile(golden, "utf8"));
    });
  });
}

function tableOf(direction: Direction, words: ReadonlyMap<string, string>): string {
  const rows = rowsOf(direction).map((row) => [
    String(row.step).padStart(2),
    row.name,
    ...FAULTS.map((fault) => words.get(`${row.step} ${row.name} ${fault}`) ?? "-"),
  ]);
  const all = [["", `a tick that would ${direction}`, ...FAULTS], ...rows];
  const widths = all[0]!.map((_, i) => Math.max(...all.map((row) => row[i]!.length)));
  const lines = all.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join(" | ")
      .trimEnd(),
  );
  return `${HEAD}${lines.join("\n")}\n`;
}
