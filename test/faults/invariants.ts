/**
 * What must hold whatever happened, said once for the matrix and for the two stacks: each line that comes back is a broken
 * promise. Nothing is taken from the product's own word where Fly's log can say it.
 *
 * The trap is a check that cannot fail: invariants.test.ts doctors evidence for each of them.
 */
import { formatInstant } from "../../src/core/time.ts";
import type { LogEntry } from "../../src/sim/fly/world.ts";
import type { IntentRow } from "../support/books.ts";

const ACTIVE = new Set(["created", "starting", "started"]);
const isActive = (state: string | null) => state !== null && ACTIVE.has(state);

export type Bounds = { readonly min: number; readonly max: number };

/** Never out of bounds, after each change of the log. */
export function outOfBounds(log: readonly LogEntry[], activeNow: number, { min, max }: Bounds): string[] {
  const steps = log.map(({ from, to }) => Number(isActive(to)) - Number(isActive(from)));
  let active = activeNow - steps.reduce((sum, step) => sum + step, 0);
  return log.flatMap((entry, i) => {
    active += steps[i]!;
    // What others did is not ours to answer for.
    if (entry.by !== "api" || (active >= min && active <= max)) return [];
    const when = `${formatInstant(entry.at)}, after ${entry.action} ${entry.machineId}`;
    return [`${active} machines at ${when}: out of ${min} to ${max}`];
  });
}

const changeWord = ({ action, machineId, name }: LogEntry) =>
  action === "create" ? `create ${name}` : `${action} ${machineId}`;
const intentWord = ({ kind, machine_id, machine_name }: IntentRow) =>
  kind === "create" ? `create ${machine_name}` : `${kind} ${machine_id}`;

/** Per intent at most one change, no change without an intent, and what the books say of it is what happened. */
export function unanswered(log: readonly LogEntry[], intents: readonly IntentRow[]): string[] {
  const changes = log.filter(({ by }) => by === "api");
  const words = new Set([...changes.map(changeWord), ...intents.map(intentWord)]);
  return [...words].flatMap((word) => {
    const times = changes.filter((change) => changeWord(change) === word).length;
    const meant = intents.filter((intent) => intentWord(intent) === word);
    const done = meant.filter(({ status }) => status === "done").length;
    const told = meant.map(({ status }) => status ?? "open").join(", ");
    if (times > meant.length) return [`${word}: done ${times} times for ${meant.length} intents (${told})`];
    if (times !== done) return [`${word}: done ${times} times, and the books say ${told}`];
    return [];
  });
}

/** Every open intent closed, with its evidence. */
export function unclosed(intents: readonly IntentRow[]): string[] {
  return intents.flatMap((intent) => {
    if (intent.closed_at === null) return [`${intentWord(intent)}: still open (${intent.evidence})`];
    if (intent.status === null || !intent.evidence) return [`${intentWord(intent)}: closed without evidence`];
    return [];
  });
}

/** What is held of an app, in ms until it ends by itself; null: not held, Infinity: without an end. */
export type Holds = {
  readonly lease: number | null;
  readonly lock: number | null;
  readonly machines: readonly number[];
};
export type Terms = { readonly leaseMs: number; readonly machineMs: number };

/** No lease or lock longer than its time to live. */
export function heldTooLong({ lease, lock, machines }: Holds, { leaseMs, machineMs }: Terms): string[] {
  const over = (what: string, left: number | null, most: number) =>
    left !== null && left > most ? [`${what} is held for ${left} ms more; ${most} is the most`] : [];
  return [
    ...over("the app's lease", lease, leaseMs),
    ...over("the lock", lock, leaseMs),
    ...machines.flatMap((left) => over("a machine's lease", left, machineMs)),
  ];
}

/** Nothing held once nobody is at work. */
export function stillHeld(holds: Holds): string[] {
  return heldTooLong(holds, { leaseMs: 0, machineMs: 0 });
}

/** Our own moves must never be taken for a person's. */
export function mistaken(overrides: readonly { readonly what: string }[]): string[] {
  return overrides.map(({ what }) => `an override: ${what}`);
}

/** Where the newest decision, and the load, want the fleet. */
export function astray(active: number, decided: number | null, wanted: number): string[] {
  if (decided !== wanted) return [`the newest decision is ${decided} machines; the load wants ${wanted}`];
  return active === wanted ? [] : [`${active} machines, where ${wanted} were decided`];
}
