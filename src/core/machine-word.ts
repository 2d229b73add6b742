/**
 * A machine in one word, as a record keeps it: room is for sixty machines beside everything else within 4 KB. What no rule asked
 * about at that tick is left out of it, so the word depends on what was decided.
 */
import type { Action } from "./actions.ts";
import type { LastAsked, Machine, MachineHealth, MachineState, PoolKey } from "./fleet.ts";

const HEALTH_LETTERS: Readonly<Record<MachineHealth, string>> = { passing: "p", failing: "f", unknown: "u" };

/** A machine's word is kept short: what no rule asked about at that tick is left out. */
export type Matters = { readonly release: boolean; readonly rest: boolean };

/** Releases where there are several, and how long machines have stood where one of them is to go for good. */
export function whatMatters(machines: readonly Machine[], actions: readonly Action[]): Matters {
  return {
    release: new Set(machines.flatMap(({ release }) => release ?? [])).size > 1,
    rest: actions.some(({ kind }) => kind === "destroy"),
  };
}

/** Most machines are in one of two states; room is for sixty of them. */
const STATE_SIGNS: Readonly<Partial<Record<MachineState, string>>> = { started: "+", stopped: "-" };
const STATES_BY_SIGN = new Map(Object.entries(STATE_SIGNS).map(([state, sign]) => [sign, state]));

/**
 * "148e12345678ab/+/pr/mc8w2o00": started, passing, routed, created then; and "/mc8w5x00" where it was asked to start later,
 * "/-mc8w5x00" to stop. "prn" has no volume; "/~12" at the end is the release.
 */
export function packMachine({ release, hasVolume, ...machine }: Machine, matters: Matters): string {
  const { id, state, health, cordoned, createdAt } = machine;
  const letters = `${HEALTH_LETTERS[health]}${cordoned ? "c" : "r"}${matters.rest && hasVolume === false ? "n" : ""}`;
  const number = matters.release && release !== undefined ? `/~${release}` : "";
  return `${id}/${STATE_SIGNS[state] ?? state}/${letters}/${createdAt.toString(36)}${packAsked(machine.lastAsked, matters)}${number}`;
}

function packAsked(asked: LastAsked | null, { rest, release }: Matters): string {
  if (asked === null || (asked.verb === "stop" && !rest && !release)) return "";
  return `/${asked.verb === "stop" ? "-" : ""}${asked.at.toString(36)}`;
}

/** Names and sizes decide nothing and are not kept. */
export function unpackMachine(word: string, pool: PoolKey): Machine {
  const [id = "", state = "unknown", letters = "ur", createdAt = "0", ...more] = word.split("/");
  const health = (Object.keys(HEALTH_LETTERS) as MachineHealth[]).find(
    (name) => HEALTH_LETTERS[name] === letters[0],
  );
  const release = more.find((part) => part.startsWith("~"));
  return {
    id,
    name: "",
    region: pool.region,
    processGroup: pool.processGroup,
    state: (STATES_BY_SIGN.get(state) ?? state) as MachineState,
    health: health ?? "unknown",
    cordoned: letters[1] === "c",
    createdAt: Number.parseInt(createdAt, 36),
    lastAsked: unpackAsked(more.find((part) => !part.startsWith("~"))),
    size: null,
    ...(release === undefined ? {} : { release: Number(release.slice(1)) }),
    ...(letters[2] === "n" ? { hasVolume: false } : {}),
  };
}

function unpackAsked(word: string | undefined): LastAsked | null {
  if (word === undefined) return null;
  const at = Number.parseInt(word, 36);
  return at < 0 ? { verb: "stop", by: "", at: -at } : { verb: "start", by: "", at };
}
