/**
 * A release in progress, as the list of an app's machines shows it: Fly's API has no word for it.
 *
 *   blue-green   machines of a newer release were made beside those of the old one, which will be destroyed
 *   rolling      machines of a newer release were brought up to date one by one, the others are still to come
 *
 * The trap: two releases side by side prove nothing by themselves. A deploy that failed leaves them so for weeks, and
 * flyahead's own clones are new machines too. So only what a deploy did lately counts, and clones never do.
 */
import { isOurName } from "./actions.ts";
import { isActive, type Machine } from "./fleet.ts";
import { type Instant, MINUTE_MS } from "./time.ts";

export type ReleaseUnderWay = { readonly kind: "blueGreen" | "rolling"; readonly why: string };

/** A deploy that waits longer for its new machines has given up by itself (flyctl waits 5 minutes for each step). */
const GREEN_MS = 30 * MINUTE_MS;
const STEP_MS = 10 * MINUTE_MS;

/** What a deploy is doing to these machines (all of an app) now; null: nothing that can be seen. */
export function releaseUnderWay(machines: readonly Machine[], now: Instant): ReleaseUnderWay | null {
  const newest = newestRelease(machines);
  if (newest === null) return null;
  const old = machines.filter((machine) => isOlder(machine, newest));
  if (!old.some(isActive)) return null;
  const made = machines.filter(({ release, name }) => release?.id === newest.id && !isOurName(name));
  const green = made.filter(({ createdAt }) => now - createdAt < GREEN_MS);
  const label = newest.version === null ? newest.id : `v${newest.version}`;
  if (green.length > 0) {
    return {
      kind: "blueGreen",
      why: `release ${label} has ${green.length} new beside ${old.length} old machines`,
    };
  }
  const moved = made.filter(({ lastAsked }) => lastAsked !== null && now - lastAsked.at < STEP_MS);
  if (moved.length === 0) return null;
  return { kind: "rolling", why: `release ${label} is being brought to ${old.length} more machines` };
}

/** Ids of machines that a later release left behind: not to be cloned, and started last. */
export function outdatedMachines(machines: readonly Machine[]): string[] {
  const routed = machines.filter(({ cordoned }) => !cordoned);
  const newest = newestRelease(routed);
  return newest === null ? [] : routed.filter((machine) => isOlder(machine, newest)).map(({ id }) => id);
}

function isOlder({ release }: Machine, newest: { readonly id: string }): boolean {
  return release !== undefined && release.id !== newest.id;
}

/** By its number; where releases have none, that of the youngest machine. */
function newestRelease(machines: readonly Machine[]) {
  const told = machines.flatMap(({ release, createdAt }) =>
    release === undefined ? [] : [{ ...release, createdAt }],
  );
  const order = told.toSorted((a, b) => (b.version ?? 0) - (a.version ?? 0) || b.createdAt - a.createdAt);
  return order[0] ?? null;
}
