/**
 * The decision in one plain sentence: what is done, what was foreseen and measured, and every rule that changed it. What was
 * found out about Fly and might keep it from coming true follows in sentences of its own.
 */
import type { CapacityPlan } from "./capacity/plan-capacity.ts";
import { noRoom } from "./constraints/no-room.ts";
import type { Decision } from "./decide.ts";
import { sayNoRoom } from "./no-room.ts";
import { type Observation, partValue } from "./observation.ts";
import { formatInstant, type Instant } from "./time.ts";

export function reasonOf(
  decision: Omit<Decision, "reason">,
  loadNow: number | null,
  plan: CapacityPlan,
  because: string,
  observation: Pick<Observation, "fly" | "pool" | "learned" | "machines">,
): string {
  const { kind, from, to, needNow, worth, constraints } = decision;
  const move =
    kind === "hold" ? `Hold ${from}` : `${kind === "grow" ? "Grow" : "Shrink"} from ${from} to ${to}`;
  const learned = (observation.learned?.says ?? []).map((one) => `; ${one}`).join("");
  const bites = constraints
    .map((bite) => `; ${bite.name}: ${bite.to} instead of ${bite.from} (${bite.why})`)
    .join("");
  return `${move}: ${foreseen(plan, because)}, ${measured(loadNow, needNow)}${keep(worth)}${learned}${bites}.${besideFly(decision, observation)}`;
}

/** A full region is told in any case: under its minimum a pool is held without a rule that changes the number. */
function besideFly(
  { constraints }: Pick<Decision, "constraints">,
  observed: Pick<Observation, "fly" | "pool" | "machines">,
): string {
  const { fly, pool } = observed;
  const full = fly?.noRoom.find(({ machineId }) => machineId === null);
  const isTold = full === undefined || constraints.some(({ name }) => name === noRoom.name);
  const room = isTold ? "" : ` ${sayNoRoom(full, pool.region)}.`;
  const others = sayCordoned(observed);
  return fly?.proxy == null ? `${room}${others}` : `${room}${others} ${fly.proxy}.`;
}

/** Somebody else's: while a deploy runs they are its own. */
function sayCordoned({ machines, fly }: Pick<Observation, "machines" | "fly">): string {
  const seen = (partValue(machines) ?? []).filter(
    ({ cordoned, phase }) => cordoned && phase?.isOurs !== true,
  );
  if (seen.length === 0 || (fly !== undefined && fly.release !== null)) return "";
  const ids = seen.map(({ id }) => id).sort();
  const more = ids.length > TOLD_IDS ? ` and ${ids.length - TOLD_IDS} more` : "";
  return ` Left alone, cordoned by somebody else: ${ids.slice(0, TOLD_IDS).join(", ")}${more}.`;
}

const TOLD_IDS = 3;

function foreseen({ bins, window, quantile }: CapacityPlan, because: string): string {
  if (bins.length === 0) return `nothing is forecast (${because})`;
  const covered = bins.filter((bin) => bin.at < window.coveredUntil);
  const busiest = (covered.length > 0 ? covered : bins).reduce((a, b) => (b.load > a.load ? b : a));
  const until = timeOfDay(window.coveredUntil);
  return `until ${until} at most ${Math.ceil(busiest.load)} requests a minute at q${quantile} need ${busiest.machines} (${because})`;
}

function measured(loadNow: number | null, needNow: number | null): string {
  return loadNow === null ? "nothing was measured just now" : `${Math.ceil(loadNow)} now need ${needNow}`;
}

function keep(worth: number | null): string {
  return worth === null ? "" : `, ${worth} earn their keep`;
}

function timeOfDay(instant: Instant): string {
  return `${formatInstant(instant).slice(11, 16)}Z`;
}
