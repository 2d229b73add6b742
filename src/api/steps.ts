/**
 * Milliseconds per step of a request, for the log and for the Server-Timing header: where a slow answer spent its time.
 * Real time, also in a simulation: a request is real.
 */
export type Steps = {
  time<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Whole hundredths of a millisecond. */
  ms(): Readonly<Record<string, number>>;
};

/** @param elapsedMs a clock that only runs forward */
export function createSteps(elapsedMs: () => number): Steps {
  const taken: Record<string, number> = {};
  return {
    async time(name, work) {
      const from = elapsedMs();
      try {
        return await work();
      } finally {
        taken[name] = Math.round((elapsedMs() - from) * 100) / 100;
      }
    },
    ms: () => ({ ...taken }),
  };
}

/** `authenticate;dur=1.2, handle;dur=30`, as W3C Server Timing has it. */
export function serverTiming(ms: Readonly<Record<string, number>>): string {
  return Object.entries(ms)
    .map(([name, duration]) => `${name};dur=${duration}`)
    .join(", ");
}
