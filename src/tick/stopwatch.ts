/** Milliseconds per named step, for the record: where a slow tick spent its time. */
import type { Clock } from "../ports.ts";

export type Stopwatch = {
  step<T>(name: string, work: () => Promise<T>): Promise<T>;
  ms(): Record<string, number>;
};

export function stopwatch(clock: Clock): Stopwatch {
  const taken: Record<string, number> = {};
  return {
    async step(name, work) {
      const from = clock.now();
      try {
        return await work();
      } finally {
        taken[name] = Math.round(clock.now() - from);
      }
    },
    ms: () => ({ ...taken }),
  };
}
