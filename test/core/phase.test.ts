/** The reducer by a table in plain text, then what holds for any two looks in a row. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { MACHINE_STATES, type Machine, type MachineState } from "../../src/core/fleet.ts";
import {
  isBooting,
  isDraining,
  isStuck,
  nextPhase,
  PHASES,
  type Phase,
  type PhaseNow,
} from "../../src/core/phase.ts";
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS, SECOND_MS } from "../../src/core/time.ts";
import { createRandom, type Random } from "../../src/sim/random.ts";
import { machine, NOW } from "./examples.ts";

const UNIT_MS: Record<string, number> = { s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS };
const agoOf = (text: string) => NOW - Number.parseInt(text, 10) * UNIT_MS[text.at(-1)!]!;

const rows = readFileSync(new URL("../scenarios/phases.txt", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line.trim() !== "" && !line.startsWith("#"))
  .map((line) => line.split("|").map((cell) => cell.trim()) as [string, string, string, string]);

function phaseIn(cell: string): PhaseNow | null {
  if (cell === "-") return null;
  const [told = "", ours] = cell.split(" ");
  const [name, age = "0s"] = told.split("@");
  return { name: name as Phase, since: agoOf(age), isOurs: ours === "ours" };
}

function cordonedIn(cell: string): Instant | null {
  const at = /ourCall@(\S+)/.exec(cell)?.[1];
  return at === undefined ? null : agoOf(at);
}

function machineIn(cell: string): Machine {
  const [state, ...words] = cell.split(" ");
  const has = (word: string) => words.includes(word);
  const at = (word: string) => words.find((one) => one.startsWith(`${word}@`))?.slice(word.length + 1);
  const [asked, stopped, booted, served] = ["start", "stop", "boot", "served"].map(at);
  const lastAsked = asked
    ? ({ verb: "start", by: "user", at: agoOf(asked) } as const)
    : stopped
      ? ({ verb: "stop", by: "user", at: agoOf(stopped) } as const)
      : null;
  const startedAt = booted ? agoOf(booted) : null;
  return machine("m", {
    state: state as MachineState,
    health: has("up") ? "passing" : has("ill") ? "failing" : "unknown",
    cordoned: has("cordoned"),
    ...(has("unchecked") ? {} : { hasChecks: true }),
    lastAsked,
    ...(startedAt === null
      ? {}
      : {
          lastBoot: {
            path: "start",
            askedAt: startedAt - SECOND_MS,
            startedAt,
            servingAt: served ? agoOf(served) : null,
          },
        }),
  });
}

describe("the phase of a machine", () => {
  it.each(rows)("%s", (_name, before, now, after) => {
    const seen = machineIn(now);
    expect(nextPhase(phaseIn(before), seen, cordonedIn(now), NOW)).toEqual(phaseIn(after));
  });
});

function anyMachine(random: Random): Machine {
  const pick = <T>(from: readonly T[]) => from[random.int(0, from.length - 1)]!;
  const at = NOW - random.int(0, 2 * HOUR_MS);
  return machine("m", {
    state: pick([...MACHINE_STATES, "started", "started", "unknown"] as const),
    health: pick(["passing", "failing", "unknown"] as const),
    cordoned: random.next() < 0.3,
    ...(random.next() < 0.7 ? { hasChecks: true } : {}),
    createdAt: NOW - DAY_MS,
    lastAsked: random.next() < 0.7 ? { verb: pick(["start", "stop"] as const), by: "user", at } : null,
    ...(random.next() < 0.5
      ? {
          lastBoot: {
            path: "start",
            askedAt: at,
            startedAt: at + 1_000,
            servingAt: pick([null, at + 2_000]),
          },
        }
      : {}),
  });
}

it("of any two looks in a row is in order: dated between them, ours only under a cordon, never back into a boot", () => {
  const random = createRandom("phases");
  for (let i = 0; i < 20_000; i++) {
    const earlier = NOW - random.int(1, HOUR_MS);
    const isOurs = random.next() < 0.3;
    const before: PhaseNow | null =
      random.next() < 0.1
        ? null
        : { name: PHASES[random.int(0, PHASES.length - 1)]!, since: earlier, isOurs };
    const seen = anyMachine(random);
    const byUs = random.next() < 0.1 ? NOW - random.int(0, HOUR_MS) : null;
    const after = nextPhase(before, seen, byUs, NOW);
    const where = JSON.stringify({ before, seen, after });
    expect(after.since, where).toBeLessThanOrEqual(NOW);
    expect(after.since, where).toBeGreaterThanOrEqual(before?.since ?? NOW);
    expect(after.isOurs && !seen.cordoned, where).toBe(false);
    expect(after.isOurs, where).toBe(seen.cordoned && (byUs !== null || before?.isOurs === true));
    if (after.name === "draining") expect(seen.state === "started" && after.isOurs, where).toBe(true);
    if (after.name === "serving") expect(seen.state === "started" && !seen.cordoned, where).toBe(true);
    // Without a new start, what served does not boot.
    const asked = seen.lastAsked?.verb === "start" && seen.lastAsked.at > earlier;
    if (before?.name === "serving" && seen.state === "started" && !seen.cordoned && !asked)
      expect(after.name, where).toBe("serving");
    // The same look again changes nothing.
    expect(nextPhase(after, seen, null, NOW), where).toEqual(after);
    expect(isStuck({ phase: after }) || (isDraining({ phase: after }) && isBooting(after.name)), where).toBe(
      false,
    );
  }
});
