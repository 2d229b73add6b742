/**
 * Whose a series is: machine → process group, and its region.
 *
 * Fly's series name the machine (`instance`) and the region, never the process group; that comes from Fly's machine
 * list. A machine of the past is no longer listed. It is given to the app's only group, or to the only one whose listed
 * machines serve requests; where that leaves a choice its series are left out, and the answer says so.
 *
 * The trap is a machine that moved: the region on the series is where it was then, the list says where it is now. The
 * series counts, as long as it names a region at all.
 */
import { type PoolKey, poolName } from "../../core/fleet.ts";
import type { MetricMachine } from "../../ports.ts";
import type { Labels } from "./range-answer.ts";

export type Places = {
  /** null where nobody can tell. */
  poolOf(labels: Labels): PoolKey | null;
  /** Machines that could not be told, to be warned of. */
  readonly strangers: ReadonlySet<string>;
};

/** @param isServing whether a machine, by its id, was seen to serve requests */
export function placesOf(
  app: string,
  machines: readonly MetricMachine[],
  pools: readonly PoolKey[],
  isServing: (machineId: string) => boolean,
): Places {
  const known = new Map(machines.map((machine) => [machine.id, machine]));
  const groups = groupsOf(machines, pools);
  const serving = new Set(machines.filter(({ id }) => isServing(id)).map((machine) => machine.processGroup));
  const heir = only(groups) ?? only(serving);
  const strangers = new Set<string>();
  return {
    strangers,
    poolOf({ instance = "", region = "" }) {
      const machine = known.get(instance);
      const processGroup = machine?.processGroup ?? heir;
      const place = region || machine?.region;
      if (processGroup !== null && place !== undefined) return { app, region: place, processGroup };
      strangers.add(instance);
      return null;
    },
  };
}

export function groupsOf(machines: readonly MetricMachine[], pools: readonly PoolKey[]): ReadonlySet<string> {
  return new Set([...machines, ...pools].map(({ processGroup }) => processGroup));
}

/** The one item of a set of one. */
function only(set: ReadonlySet<string>): string | null {
  const [first, ...others] = set;
  return first !== undefined && others.length === 0 ? first : null;
}

/** Values by pool, made at first use. */
export function byPool<T>(make: (pool: PoolKey) => T) {
  const found = new Map<string, T>();
  return {
    at(pool: PoolKey): T {
      const name = poolName(pool);
      const known = found.get(name);
      if (known !== undefined) return known;
      const made = make(pool);
      found.set(name, made);
      return made;
    },
    find: (pool: PoolKey) => found.get(poolName(pool)),
    values: () => [...found.values()],
  };
}
