/**
 * The metrics of a simulated Fly: the demand of each pool, shared out over the machines that serve, counted by their
 * meters. Reading them moves no clock; what happened since the last reading is counted then.
 *
 * The trap is a machine that is stopped: Fly shows nothing of it, while its counters are kept for when it is back.
 */
import { floorTo, type Instant, MINUTE_MS } from "../../core/time.ts";
import type { Fly } from "../fly/fly.ts";
import { isServing, processGroupOf } from "../fly/ledger.ts";
import type { Demand } from "../fly/options.ts";
import { exposition } from "./exposition.ts";
import { addWork, createMeter, type Meter } from "./meter.ts";

export type FlyMetrics = {
  /** The page, as of the simulated now. */
  page(): string;
  /** Meters of the machines that are started now, after counting up to now. */
  meters(): Meter[];
};

export type FlyMetricsOptions = {
  /** Requests in a minute of a pool; null and unknown pools: none. */
  readonly demand: Demand;
  /** Requests that a machine has in flight at a load of one a second. */
  readonly secondsEach?: number;
};

export function createFlyMetrics(fly: Fly, { demand, secondsEach = 0.1 }: FlyMetricsOptions): FlyMetrics {
  const meters = new Map<string, Meter>();
  let countedUntil = fly.now();

  function count(from: Instant, until: Instant): void {
    const serving = fly.machines().filter(isServing);
    const pools = groupedBy(
      serving,
      (machine) => `${machine.app}/${processGroupOf(machine)}/${machine.region}`,
    );
    for (const machines of pools.values()) {
      const { app, region } = machines[0]!;
      const asked = demand(app, processGroupOf(machines[0]!), region, floorTo(from, MINUTE_MS)) ?? 0;
      const share = (asked * (until - from)) / MINUTE_MS / machines.length;
      const perSecond = (share * 1_000) / (until - from);
      for (const { id } of machines) {
        const work = {
          requests: share,
          cpu: Math.min(1, perSecond / 100),
          concurrency: perSecond * secondsEach,
        };
        addWork(meterOf(id, app, region), { ms: until - from, ...work });
      }
    }
  }

  function meterOf(id: string, app: string, region: string): Meter {
    const known =
      meters.get(id) ?? createMeter({ app, region, instance: id, host: `host-${id.slice(0, 4)}` });
    meters.set(id, known);
    return known;
  }

  /** Minute by minute, since the demand changes at each. */
  function catchUp(): void {
    const now = fly.now();
    while (countedUntil < now) {
      const until = Math.min(now, floorTo(countedUntil, MINUTE_MS) + MINUTE_MS);
      count(countedUntil, until);
      countedUntil = until;
    }
  }

  function started(): Meter[] {
    catchUp();
    return fly
      .machines()
      .filter(({ state }) => state === "started")
      .map(({ id, app, region }) => meterOf(id, app, region));
  }

  return { meters: started, page: () => exposition(started()) };
}

function groupedBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
