/**
 * A machine in one word, as a record keeps it: room is for sixty machines beside everything else within 4 KB. What no rule asked
 * about at that tick is left out of it, so the word depends on what was decided.
 */
import type { Action } from "./actions.ts";
import type { LastAsked, Machine, MachineHealth, MachineState, PoolKey } from "./fleet.ts";
import type { ProxySettings } from "./fly-proxy.ts";
import { isBooting, type Phase, type PhaseNow } from "./phase.ts";

const HEALTH_LETTERS: Readonly<Record<MachineHealth, string>> = { passing: "p", failing: "f", unknown: "u" };

const VOLUMELESS = "n";
const OUTDATED = "o";
/** Of a machine's phase, as far as a rule asks. */
const OUR_CORDON = "m";
const WARMING = "w";
const OVER = "!";
/** How it may come to rest. */
const ROUTED = "s";
const SUSPENDABLE = "z";
const ROUTES: ProxySettings = { autostop: "off", autostart: true, minRunning: 0 };

/** A machine's word is kept short: what no rule asked about at that tick is left out. */
export type Matters = {
  readonly outdated: ReadonlySet<string>;
  readonly rest: boolean;
  readonly stopping: boolean;
};

/**
 * Who is of an older release; how long machines have stood where one of them is to go for good; and what they have to
 * drain, where one is to rest.
 */
export function whatMatters(actions: readonly Action[], outdated: readonly string[] = []): Matters {
  const has = (...kinds: readonly Action["kind"][]) => actions.some(({ kind }) => kinds.includes(kind));
  return { outdated: new Set(outdated), rest: has("destroy"), stopping: has("cordon", "suspend") };
}

/** Most machines are in one of two states; room is for sixty of them. */
const STATE_SIGNS: Readonly<Partial<Record<MachineState, string>>> = { started: "+", stopped: "-" };
const STATES_BY_SIGN = new Map(Object.entries(STATE_SIGNS).map(([state, sign]) => [sign, state]));

/**
 * "148e12345678ab/+/pr/mc8w2o00": started, passing, routed, created then; and "/mc8w5x00" where it was asked to start later,
 * "/-mc8w5x00" to stop. "prn" has no volume, "pro" is of an older release, "fcw!" is stuck warming, "pcm!" is drained.
 */
export function packMachine(machine: Machine, matters: Matters): string {
  const { id, state, health, cordoned, createdAt } = machine;
  const volume = matters.rest && machine.hasVolume === false ? VOLUMELESS : "";
  const age = matters.outdated.has(id) ? OUTDATED : "";
  const letters = `${HEALTH_LETTERS[health]}${cordoned ? "c" : "r"}${volume}${age}${packPhase(machine)}${packRest(machine, matters)}`;
  return `${id}/${STATE_SIGNS[state] ?? state}/${letters}/${createdAt.toString(36)}${packAsked(machine.lastAsked, matters)}`;
}

function packPhase({ phase }: Machine): string {
  if (phase === undefined) return "";
  const isTold = phase.isOurs || isBooting(phase.name);
  const ours = phase.isOurs ? OUR_CORDON : "";
  return `${ours}${phase.name === "warming" ? WARMING : ""}${isTold && phase.isOver ? OVER : ""}`;
}

function packRest({ proxy, maySuspend }: Machine, { stopping }: Matters): string {
  if (!stopping) return "";
  return `${proxy === undefined ? "" : ROUTED}${maySuspend ? SUSPENDABLE : ""}`;
}

function packAsked(asked: LastAsked | null, { rest }: Matters): string {
  if (asked === null || (asked.verb === "stop" && !rest)) return "";
  return `/${asked.verb === "stop" ? "-" : ""}${asked.at.toString(36)}`;
}

/** Names and sizes decide nothing and are not kept; a release only as far as it is the newest one or not (outdatedAmong). */
export function unpackMachine(word: string, pool: PoolKey): Machine {
  const [id = "", state = "unknown", letters = "ur", createdAt = "0", asked] = word.split("/");
  const health = (Object.keys(HEALTH_LETTERS) as MachineHealth[]).find(
    (name) => HEALTH_LETTERS[name] === letters[0],
  );
  return {
    id,
    name: "",
    region: pool.region,
    processGroup: pool.processGroup,
    state: (STATES_BY_SIGN.get(state) ?? state) as MachineState,
    health: health ?? "unknown",
    cordoned: letters[1] === "c",
    createdAt: Number.parseInt(createdAt, 36),
    lastAsked: unpackAsked(asked),
    size: null,
    ...(letters.includes(VOLUMELESS) ? { hasVolume: false } : {}),
    ...(letters.includes(ROUTED) ? { proxy: ROUTES } : {}),
    ...(letters.includes(SUSPENDABLE) ? { maySuspend: true } : {}),
    ...unpackPhase(letters, state),
  };
}

/** As far as a rule asks; since when is not kept. */
function unpackPhase(letters: string, sign: string): { phase?: PhaseNow } {
  const isOurs = letters.includes(OUR_CORDON);
  const isOver = letters.includes(OVER);
  if (!isOurs && !isOver && !letters.includes(WARMING)) return {};
  const name = letters.includes(WARMING) ? "warming" : nameOf(STATES_BY_SIGN.get(sign) ?? sign, isOurs);
  return { phase: { name, since: 0, isOurs, ...(isOver && { isOver }) } };
}

function nameOf(state: string, isOurs: boolean): Phase {
  if (state === "started" && isOurs) return "draining";
  if (state === "created" || state === "creating") return "creating";
  return state === "stopped" || state === "suspended" ? state : "starting";
}

/** Ids of those that were packed as being of an older release. */
export function outdatedAmong(words: readonly string[]): string[] {
  return words.flatMap((word) => {
    const [id = "", , letters = ""] = word.split("/");
    return letters.includes(OUTDATED) ? [id] : [];
  });
}

function unpackAsked(word: string | undefined): LastAsked | null {
  if (word === undefined) return null;
  const at = Number.parseInt(word, 36);
  return at < 0 ? { verb: "stop", by: "", at: -at } : { verb: "start", by: "", at };
}
