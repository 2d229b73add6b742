/**
 * Runs test/scenarios/decide.txt: one row, one pool, one decision with the shipped rules; and each decision of it again from
 * its stored record.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Action } from "../../src/core/actions.ts";
import { CONSTRAINTS } from "../../src/core/constraints/index.ts";
import { decideFrom } from "../../src/core/decide-tick.ts";
import type { Machine } from "../../src/core/fleet.ts";
import type { Forecast } from "../../src/core/forecast/forecast.ts";
import type { NoRoom } from "../../src/core/no-room.ts";
import type { Observation, Tally } from "../../src/core/observation.ts";
import type { Policy } from "../../src/core/policy.ts";
import { DEFAULT_RULES } from "../../src/core/rules.ts";
import { redecide, tickRecord } from "../../src/core/tick-record.ts";
import { DAY_MS, type Instant, MINUTE_MS, SECOND_MS } from "../../src/core/time.ts";
import {
  curve,
  flySeen,
  forecastOf,
  fresh,
  machine,
  minutesBefore,
  observation,
  policy,
} from "./examples.ts";
import { ofReleases, POLICY_WORDS, secondsOf, TALLY_WORDS } from "./scenario-words.ts";

type Row = Record<
  "name" | "time" | "load" | "machines" | "forecast" | "given" | "ends" | "bites" | "actions",
  string
>;

const LOAD_MINUTES = 30;
/** As far as a plan looks: three boots and a little more. */
const BINS = 10;
const LONG_BINS = 28;
const BIN_MS = 5 * MINUTE_MS;
const ANY_BITES = "*";
const COMPLAINTS = 16;
/** Where the cure lies elsewhere: in the state that is kept, and in the record, which every row here has. */
const TESTED_BY_ALL = ["R7", "R14"];

const rows = readFileSync(new URL("../scenarios/decide.txt", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line.trim() !== "" && !line.startsWith("#"))
  .slice(1)
  .map((line): Row => {
    const [
      name = "",
      time = "",
      load = "",
      machines = "",
      forecast = "",
      given = "",
      ends = "",
      bites = "",
      actions = "",
    ] = line.split("|").map((cell) => cell.trim());
    return { name, time, load, machines, forecast, given, ends, bites, actions };
  });

const wordsOf = (text: string) => text.split(/\s+/).filter((word) => word !== "");

/** "900x25 0x5", the first one stretched to fill. */
function loads(text: string): number[] {
  const parts = wordsOf(text).map((word) => word.split("x") as [string, string?]);
  const values = parts.flatMap(([value, count = "1"]) =>
    new Array<number>(Number(count)).fill(value === "-" ? Number.NaN : Number(value)),
  );
  const missing = Math.max(0, LOAD_MINUTES - values.length);
  return [...new Array<number>(missing).fill(values[0]!), ...values];
}

/** "80 780@10m": by bins of five minutes; a change counts from the bin it falls into. */
function forecastFor(text: string, now: Instant, given: ReadonlyMap<string, string>): Forecast | null {
  if (text === "none") return null;
  const changes = wordsOf(text).map((word) => {
    const [load = "", after = "0m"] = word.split("@");
    return { load: Number(load), afterMs: secondsOf(after) * SECOND_MS };
  });
  const at = (i: number) => changes.findLast(({ afterMs }) => afterMs < (i + 1) * BIN_MS)!.load;
  const usual = Number(given.get("seen") ?? given.get("usual") ?? changes[0]!.load);
  return {
    ...forecastOf(Array.from({ length: given.has("lead") ? LONG_BINS : BINS }, (_, i) => curve(at(i)))),
    start: now,
    madeAt: now,
    confidence: Number(given.get("confidence") ?? 1),
    lately: curve(usual),
  };
}

function machinesIn(text: string, now: Instant, given: ReadonlyMap<string, string>): Machine[] {
  const words = wordsOf(text);
  const offSince = now - Number.parseInt(given.get("offSince") ?? "0", 10) * DAY_MS;
  const kinds: Record<string, (id: number) => Machine> = {
    up: (i) => machine(`m${i}`, { createdAt: now - 30 * DAY_MS + i }),
    off: (i) =>
      machine(`off${i}`, {
        state: "stopped",
        health: "unknown",
        createdAt: now - 30 * DAY_MS,
        lastAsked: { verb: "stop", by: "user", at: offSince + i },
        hasVolume: false,
      }),
    booting: (i) =>
      machine(`boot${i}`, {
        state: "starting",
        health: "unknown",
        createdAt: now - 30 * DAY_MS,
        lastAsked: { verb: "start", by: "user", at: now - 10 * SECOND_MS },
      }),
    failed: (i) => machine(`failed${i}`, { state: "failed", createdAt: now - 30 * DAY_MS }),
  };
  const list = words.flatMap((word, i) =>
    i % 2 === 0 ? Array.from({ length: Number(word) }, (_, n) => kinds[words[i + 1]!]!(n)) : [],
  );
  const [made, moved] = [given.get("release"), given.get("moved")];
  if (made) return ofReleases(list, "made", made, now);
  if (moved) return ofReleases(list, "moved", moved, now);
  const updating = Number(given.get("updating") ?? 0);
  return list.map((one, i) => (i < updating ? { ...one, state: "updating" } : one));
}

function seenIn(row: Row): { seen: Observation; forecast: Forecast | null } {
  const now = Date.parse(row.time);
  const given = new Map(
    wordsOf(row.given).map((word) => [word.split("=")[0]!, word.slice(word.indexOf("=") + 1)]),
  );
  const wishes: Record<string, unknown> = {};
  const tally: Record<string, number | null> = {
    changesToday: null,
    spentMachineHours: null,
    spentUsd: null,
  };
  const facts: Record<string, unknown> = {};
  const machines = machinesIn(row.machines, now, given);
  const readers: Record<string, (value: string) => void> = {
    schedule: (value) => (wishes.schedule = value.replaceAll("_", " ")),
    zone: (value) => (wishes.timeZone = value),
    pinned: (value) => (wishes.pinnedMachineId = value),
    frozen: (value) => (wishes.frozenUntil = now + secondsOf(value) * SECOND_MS),
    lead: (value) => (wishes.leadSeconds = secondsOf(value)),
    cooldown: (value) => (wishes.cooldownSeconds = secondsOf(value)),
    destroy: () => (wishes.destroySurplus = true),
    keep: (value) => (wishes.keepCreated = Number(value)),
    changed: (value) => (facts.lastChangeAt = now - secondsOf(value) * SECOND_MS),
    override: (value) =>
      (facts.override = {
        machineId: "m0",
        seenAt: now - 1,
        until: now + 1,
        workers: Number(value),
        what: "by hand",
      }),
    full: () => (facts.fly = { release: null, outdated: [], proxy: null, noRoom: [fullSince(now)] }),
    machines: () => (facts.machines = { status: "missing", why: "no answer" }),
    stale: () =>
      (facts.samples = {
        status: "stale",
        value: minutesBefore(now, loads(row.load)),
        ageMs: 12 * MINUTE_MS,
        why: "old",
      }),
  };
  const readElsewhere = ["release", "moved", "updating", "confidence", "usual", "seen", "offSince"];
  for (const [word, value] of given) {
    const [field, counted, reader] = [POLICY_WORDS[word], TALLY_WORDS[word], readers[word]];
    if (field) wishes[field] = Number(value);
    else if (counted) tally[counted] = Number(value);
    else if (reader) reader(value);
    else if (!readElsewhere.includes(word))
      throw new Error(`scenario "${row.name}" has an unknown word: ${word}`);
  }
  const gone = /^gone@(\S+)$/.exec(row.load)?.[1];
  const samples = gone
    ? ({ status: "missing", why: "no answer", ageMs: secondsOf(gone) * SECOND_MS } as const)
    : fresh(minutesBefore(now, loads(row.load)));
  const seen = observation({
    now,
    machines: fresh(machines),
    bookedWorkers: machines.length,
    samples,
    policy: policy({
      ...DEFAULT_RULES,
      stabilisationSeconds: 900,
      staleSeconds: 600,
      ...(wishes as Partial<Policy>),
    }),
    tally: tally as Tally,
    ...flySeen(machines, now),
    ...(facts as Partial<Observation>),
  });
  return { seen, forecast: forecastFor(row.forecast, now, given) };
}

function fullSince(now: Instant): NoRoom {
  return { machineId: null, since: now - MINUTE_MS, until: now + MINUTE_MS, why: "region" };
}

const SIGNS: Readonly<Record<Action["kind"], string>> = {
  start: "+s",
  create: "+c",
  stop: "-s",
  suspend: "-z",
  cordon: "-c",
  uncordon: "+u",
  destroy: "-d",
};

describe("scenarios", () => {
  it.each(rows.map((row) => [row.name, row] as const))("%s", (_name, row) => {
    const { seen, forecast } = seenIn(row);
    const { decision, actions } = decideFrom({ forecast, peaks: [] }, seen);
    expect(decision.to, decision.reason).toBe(Number(row.ends));
    const bites = decision.constraints.map(({ name }) => name);
    if (row.bites !== ANY_BITES) expect(bites.join(", "), decision.reason).toBe(row.bites);
    expect(actions.map(({ kind }) => SIGNS[kind]).join(" ")).toBe(row.actions);
    for (const name of bites) expect(decision.reason).toContain(name);
  });

  it("R7 each decides the same again, and R14 says the same, from its record alone", () => {
    let full = 0;
    for (const row of rows) {
      const { seen, forecast } = seenIn(row);
      const { plan, decision, actions } = decideFrom({ forecast, peaks: [] }, seen);
      const rest = { predictions: [], nextPeak: null, weights: [], state: null, ledger: seen.ledger };
      const record = tickRecord(seen, { plan, decision, actions, forecast, peaks: [], ...rest });
      if (record.kind !== "full") continue;
      full += 1;
      expect(redecide(seen.pool, JSON.parse(JSON.stringify(record))), row.name).toEqual({
        decision,
        actions,
      });
    }
    expect(full).toBeGreaterThan(rows.length / 2);
  });

  it("leave out no rule", () => {
    const tried = new Set(rows.flatMap(({ bites }) => bites.split(", ")));
    expect(CONSTRAINTS.map(({ name }) => name).filter((name) => !tried.has(name))).toEqual([]);
  });

  it("leave out no complaint", () => {
    const tried = new Set([...rows.map(({ name }) => name.split(" ")[0]!), ...TESTED_BY_ALL]);
    const all = Array.from({ length: COMPLAINTS }, (_, i) => `R${i + 1}`);
    expect(all.filter((complaint) => !tried.has(complaint))).toEqual([]);
  });
});
