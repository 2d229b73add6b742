/**
 * How many machines served when: what learned capacity divides a load by. A tick knows the fleet only at its own looks, so
 * a time between two of them is known where the later look finds what the earlier one left, and nowhere else.
 *
 *   look ──▶ leaves n machines, serving from `since` on ──▶ next look finds n, none booting ──▶ n served in between
 *                                                       └─▶ finds anything else ──▶ nobody knows what served
 *
 * The trap is to trust what was decided: a start that Fly refused, a crash or a person's stop would teach that few machines
 * carry what many did. What is known is kept until the samples of that time were learned, an hour at most.
 */
import { isActive, type Machine } from "../fleet.ts";
import { type Instant, MINUTE_MS } from "../time.ts";
import { fleetNow } from "./fleet-now.ts";
import { type Serving, sizeName } from "./learn-capacity.ts";

/** JSON, below 700 bytes. */
export type FleetWatch = {
  /** By sizeName. */
  readonly size: string;
  readonly lookedAt: Instant;
  /** `workers` are thought to serve from here on; null where the last look could not tell. */
  readonly since: Instant | null;
  readonly workers: number;
  /** Ascending; what is known. */
  readonly spans: readonly Span[];
};
export type Span = readonly [from: Instant, until: Instant, workers: number];

/** Calls to Fly take up to the tick's deadline, and draining a while longer. */
const SETTLED_MS = 2 * MINUTE_MS;
/** Looks further apart leave room for what nobody saw: a missed slot is passed over, two are not. */
const MOST_CADENCES = 2.5;
/** The hot state has little room. */
const MOST_SPANS = 12;

/** The size that all of them have; null where they differ, or there are none. Resting ones count where none is active. */
export function commonSize(machines: readonly Machine[]): string | null {
  const active = machines.filter(isActive);
  const sizes = new Set((active.length > 0 ? active : machines).map(({ size }) => sizeName(size)));
  return sizes.size === 1 ? [...sizes][0]! : null;
}

/**
 * What a look at the machines tells of the time before it.
 * @param watch as the last tick left it; null before the first
 * @param learnedThrough samples up to and with this one are learned: what was known of them is dropped
 */
export function lookAgain(
  watch: FleetWatch | null,
  machines: readonly Machine[],
  { leadMs, cadenceMs, now }: { readonly leadMs: number; readonly cadenceMs: number; readonly now: Instant },
  learnedThrough: Instant | null,
): FleetWatch {
  const size = commonSize(machines) ?? watch?.size ?? "unknown";
  if (watch === null || watch.size !== size)
    return { size, lookedAt: now, since: null, workers: 0, spans: [] };
  const left = watch.since !== null && watch.since < now && now - watch.lookedAt <= MOST_CADENCES * cadenceMs;
  const found = servingNow(machines, leadMs, now) === watch.workers;
  const kept = watch.spans.filter(([, until]) => learnedThrough === null || until > learnedThrough);
  const spans = left && found ? extended(kept, [watch.since, now, watch.workers]) : kept;
  return { ...watch, spans: spans.slice(-MOST_SPANS) };
}

/** The watch as a decision leaves it: `after` machines, some of which may still have to boot. */
export function leaveWatch(
  watch: FleetWatch,
  machines: readonly Machine[],
  { leadMs, now }: { readonly leadMs: number; readonly now: Instant },
  after: number,
): FleetWatch {
  const { serving, bootingUntil } = fleetNow(machines, leadMs, now);
  const before = serving + bootingUntil.length;
  const settled = after === before ? now : now + SETTLED_MS + (after > before ? leadMs : 0);
  const isClear = commonSize(machines) === watch.size && !machines.some(isFailing);
  return {
    ...watch,
    lookedAt: now,
    since: isClear ? Math.max(settled, ...bootingUntil) : null,
    workers: after,
  };
}

/** What served through the whole of the bin that starts at an instant. */
export function servingBy({ spans, size }: FleetWatch, binMs: number): (at: Instant) => Serving | null {
  return (at) => {
    const span = spans.find(([from, until]) => from <= at && at + binMs <= until);
    return span === undefined ? null : { workers: span[2], size };
  };
}

/** null where some are on their way, fail their checks, or differ. */
function servingNow(machines: readonly Machine[], leadMs: number, now: Instant): number | null {
  const { serving, bootingUntil } = fleetNow(machines, leadMs, now);
  const isClear = bootingUntil.length === 0 && commonSize(machines) !== null && !machines.some(isFailing);
  return isClear ? serving : null;
}

function isFailing(machine: Machine): boolean {
  return isActive(machine) && machine.health === "failing";
}

function extended(spans: readonly Span[], next: Span): Span[] {
  const last = spans.at(-1);
  if (last === undefined || last[1] !== next[0] || last[2] !== next[2]) return [...spans, next];
  return [...spans.slice(0, -1), [last[0], next[1], next[2]]];
}
