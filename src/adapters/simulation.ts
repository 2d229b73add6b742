/**
 * The clock of a simulation. Virtual time lives in the simulator; each of its answers says what time it is now, in the
 * header `x-simulated-now`, and sleeping is asking it to move on. So a tick that waits a second for Fly's limiter waits
 * nothing in reality, and deadlines are counted in the same time as boots.
 */
import type { Instant } from "../core/time.ts";
import type { Clock } from "../ports.ts";

const NOW_HEADER = "x-simulated-now";

export type Simulation = {
  readonly clock: Clock;
  /** The fetch that calls to the simulated Fly must go through. */
  readonly fetch: typeof fetch;
  /** Reads the simulator's clock: once per request, before anyone asks for the time. */
  readonly sync: () => Promise<void>;
};

export function joinSimulation(url: string, send: typeof fetch): Simulation {
  const clockUrl = new URL("/_sim/clock", url);
  let now: Instant = 0;
  const listening: typeof fetch = async (input, init) => {
    const answer = await send(input, init);
    const told = Number(answer.headers.get(NOW_HEADER));
    if (told > now) now = told;
    return answer;
  };
  const ask = async (init?: RequestInit) => {
    const answer = await send(clockUrl, init);
    if (!answer.ok) {
      throw new Error(
        `Cannot use the simulator's clock at ${clockUrl.origin}: it answered ${answer.status}; is SIMULATION_URL right?`,
      );
    }
    now = ((await answer.json()) as { now: Instant }).now;
  };
  const sleep = (ms: number) =>
    ask({
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ advanceMs: ms }),
    });
  return { clock: { now: () => now, sleep }, fetch: listening, sync: () => ask() };
}
