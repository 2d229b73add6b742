import { createMemoryTrafficSource } from "../../../src/adapters/memory/traffic-source.ts";
import { type Instant, MINUTE_MS } from "../../../src/core/time.ts";
import type { PoolSample } from "../../../src/ports.ts";
import {
  CONTRACT_MACHINES,
  CONTRACT_NOW,
  describeTrafficSource,
  MINUTES,
  START,
} from "../../contracts/traffic-source.ts";

/** What the machines told, added up by pool: the plain way. */
function samplesAt(index: number): PoolSample[] {
  const at: Instant = START + index * MINUTE_MS;
  const told = CONTRACT_MACHINES.flatMap(({ pool, hasNoService, minuteAt }) => {
    const minute = minuteAt(index);
    return minute === null || hasNoService
      ? []
      : [{ pool, at, requests: minute.requests, errors: minute.errors ?? 0 }];
  });
  return [...new Set(told.map(({ pool }) => pool))].map((pool) => {
    const own = told.filter((sample) => sample.pool === pool);
    const sum = (pick: (one: (typeof own)[number]) => number) => own.reduce((all, one) => all + pick(one), 0);
    return { pool, at, requests: sum((one) => one.requests), errors: sum((one) => one.errors) };
  });
}

describeTrafficSource("memory", async () => {
  const source = createMemoryTrafficSource(() => CONTRACT_NOW);
  const broken = createMemoryTrafficSource(() => CONTRACT_NOW);
  broken.fail("unreachable");
  source.put(Array.from({ length: MINUTES }, (_, index) => samplesAt(index)).flat());
  return { source, broken, close: async () => {} };
});
