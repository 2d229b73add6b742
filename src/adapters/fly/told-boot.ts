/**
 * A running machine's newest boot, as Fly's events and checks tell it:
 *
 *   start (or launch) by somebody ──▶ start "started" by flyd ──▶ the last of its checks turned to passing
 *
 * Before a launch there is nothing; before a start, a suspend means that the machine resumed. An update or a restart in between
 * is no boot of ours. The trap is the check's time: it is when the check last changed, and a check that went ill and well again
 * long after the boot would make that look slow. So a check that passed more than ten minutes after the start tells nothing.
 */
import type { BootPath } from "../../core/capacity/boots.ts";
import type { ToldBoot } from "../../core/fleet.ts";
import { type Instant, MINUTE_MS } from "../../core/time.ts";
import type { FlyMachine } from "./shapes.ts";

const LONGEST_WARMING_MS = 10 * MINUTE_MS;
const PLATFORM = "flyd";

type Event = {
  readonly type: string;
  readonly source: string;
  readonly status: string;
  readonly at: Instant;
};

/** null where the events do not reach back to the start, or somebody updated or restarted it since. */
export function toldBootOf({ events, checks }: Pick<FlyMachine, "events" | "checks">): ToldBoot | null {
  const told = (events ?? []).flatMap(({ type, source, status, timestamp }): Event[] =>
    type && timestamp ? [{ type, source: source ?? "", status: status ?? "", at: timestamp }] : [],
  );
  // Fly lists the newest first; of one millisecond the later in the list came first.
  const inOrder = told.reverse().sort((a, b) => a.at - b.at);
  const end = inOrder.findLastIndex(({ type, source, status }) => {
    return type === "start" && status === "started" && source === PLATFORM;
  });
  const begin = inOrder
    .slice(0, Math.max(0, end))
    .findLastIndex(({ source }) => source !== "" && source !== PLATFORM);
  if (end < 0 || begin < 0 || inOrder.slice(end + 1).some(({ type }) => ENDS.has(type))) return null;
  const asked = inOrder[begin]!;
  if (asked.type !== "start" && asked.type !== "launch") return null;
  const startedAt = inOrder[end]!.at;
  return {
    path: pathOf(asked, inOrder.slice(0, begin)),
    askedAt: asked.at,
    startedAt,
    servingAt: servingAt(startedAt, checks ?? []),
  };
}

const ENDS: ReadonlySet<string> = new Set(["stop", "exit", "suspend", "restart", "update"]);

function pathOf({ type }: Event, before: readonly Event[]): BootPath {
  if (type === "launch") return "create";
  const rested = before.findLast(({ type }) => type === "suspend" || type === "stop" || type === "exit");
  return rested?.type === "suspend" ? "resume" : "start";
}

function servingAt(startedAt: Instant, checks: NonNullable<FlyMachine["checks"]>): Instant | null {
  const passed = checks.map(({ status, updated_at }) =>
    status === "passing" ? Date.parse(updated_at ?? "") : Number.NaN,
  );
  const at = Math.max(startedAt, ...passed);
  return at - startedAt <= LONGEST_WARMING_MS ? at : null;
}
