/**
 * One fleet, three kinds of ticks: steady ones, in which no machine is moved; ones in which a tenth of the pools meets three times
 * its load, or is rid of it; and the first tick of a fresh process, which is what every tick is where the platform lets
 * idle isolates go.
 *
 * The trap is a fleet that was not yet left alone: its first ticks bring it to what its load needs, and are not counted.
 */
import { median } from "../support/measure.ts";
import { type Cost, type Fleet, startWorld } from "./world.ts";

export type Case = {
  readonly fleet: Fleet;
  readonly pools: number;
  readonly steady: Cost;
  readonly changing: Cost;
  readonly cold: Cost;
  /** The dearest of all ticks that were counted, cold ones aside. */
  readonly worstCpuMs: number;
  /** Of a fresh process until it listened. */
  readonly bootCpuMs: number;
  readonly hotBytes: number;
  readonly coldBytes: number;
};

const SETTLING = 5;
/** So many ticks are looked at to find steady ones. */
const PATIENCE = 4;
const SURGE = 3;

export async function measureFleet(fleet: Fleet, rounds: number): Promise<Case> {
  const world = await startWorld(fleet);
  try {
    for (let i = 0; i < SETTLING; i++) {
      await world.nextSlot();
      await world.tick();
    }
    const quiet: Cost[] = [];
    for (let i = 0; i < PATIENCE * rounds && steadyOf(quiet).length < rounds; i++) {
      await world.nextSlot();
      quiet.push(await world.tick());
    }
    const changing: Cost[] = [];
    for (let i = 0; i < rounds; i++) {
      await world.nextSlot((pool) =>
        pool % 10 === i % 10 || world.pools === 1 ? SURGE ** ((i + 1) % 2) : 1,
      );
      changing.push(await world.tick());
    }
    const cold: Cost[] = [];
    const boots: number[] = [];
    for (let i = 0; i < rounds; i++) {
      boots.push((await world.freshProcess()).main);
      await world.nextSlot();
      cold.push(await world.tick());
    }
    const [state] = await world.installation.sql<{ hot: number; cold: number }[]>`
      select max(octet_length(hot::text))::integer as hot, max(octet_length(cold::text))::integer as cold from flyahead.forecast_state`;
    const steady = steadyOf(quiet);
    return {
      fleet,
      pools: world.pools,
      steady: middle(steady.length > 0 ? steady : quiet),
      changing: middle(changing),
      cold: middle(cold),
      worstCpuMs: Math.max(...[...quiet, ...changing].map(({ cpuMs }) => cpuMs)),
      bootCpuMs: median(boots),
      hotBytes: state!.hot,
      coldBytes: state!.cold,
    };
  } finally {
    await world.close();
  }
}

function steadyOf(costs: readonly Cost[]): Cost[] {
  return costs.filter(({ moved }) => moved === 0);
}

/** The median of each number by itself. */
function middle(costs: readonly Cost[]): Cost {
  const names = Object.keys(costs[0]!) as (keyof Cost)[];
  return Object.fromEntries(names.map((name) => [name, median(costs.map((cost) => cost[name]))])) as Cost;
}
