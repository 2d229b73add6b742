/** What an app's machines and the books tell of Fly, for each of its pools: a deploy under way, Fly Proxy's settings, want of room. */
import type { Machine } from "../core/fleet.ts";
import { proxyConflict } from "../core/fly-proxy.ts";
import type { FlyNow } from "../core/observation.ts";
import type { Policy } from "../core/policy.ts";
import { outdatedMachines, type ReleaseUnderWay } from "../core/release.ts";
import type { Instant } from "../core/time.ts";
import type { PoolMemory } from "../ports.ts";

/** @param machines the pool's; null where the list could not be read */
export function flyNow(
  machines: readonly Machine[] | null,
  release: ReleaseUnderWay | null,
  memory: PoolMemory | null,
  { minWorkers, keepMinRunning }: Policy,
  now: Instant,
): FlyNow | null {
  const noRoom = (memory?.noRoom ?? []).filter(({ until }) => until > now);
  const proxy = proxyConflict(machines ?? [], minWorkers, keepMinRunning);
  const outdated = outdatedMachines(machines ?? []);
  if (release === null && proxy === null && outdated.length === 0 && noRoom.length === 0) return null;
  return { release, outdated, proxy, noRoom };
}
