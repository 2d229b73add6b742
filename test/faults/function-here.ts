/**
 * The function auto-scaling in this process, out of the very parts that functions/auto-scaling/index.ts is made of, so that
 * what no door can do can be done to it: a port that throws, a pure step that throws or takes long, a clock that jumps.
 *
 * Modules are laid over, not changed: `src/wire.ts` and all below it are the real ones, on a clock whose hands a test can
 * move. The trap: what this file lays over must not be imported before it, so the rest is imported inside.
 */
import { Socket } from "node:net";
import { vi } from "vitest";
import type { Config } from "../../src/config.ts";
import type { Fly } from "../../src/sim/fly/fly.ts";
import { replyOf, type TickReply } from "../support/installation.ts";
import type { InsideStep } from "./places.ts";

export type FunctionHere = {
  tick(apps: readonly string[]): Promise<TickReply>;
  /** The clock of this process from now on, beside the simulator's. */
  jumpClock(offsetMs: number): void;
  /** The next call of this method, as "leases.acquire", throws. */
  throwAt(port: string): void;
  /** Called once when the next tick comes to that step. */
  strikeInside(step: InsideStep, strike: () => void): void;
  /** Ends what was armed; whether it struck. */
  settle(): boolean;
};

/**
 * Ten seconds for Fly are one here, forty for Postgres are three, the rest half a one. The trap: who waits for Fly is silent
 * to Postgres, so that patience must stay the longer one.
 */
function shortenPatience(): void {
  const signal = AbortSignal.timeout;
  vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) =>
    signal.call(AbortSignal, Math.min(ms, ms >= 10_000 ? 1_000 : 500)),
  );
  const { setTimeout: silence } = Socket.prototype;
  vi.spyOn(Socket.prototype, "setTimeout").mockImplementation(function (this: Socket, ms, then) {
    return silence.call(this, ms >= 30_000 ? 3_000 : ms, then);
  });
}

const STEPS = { 4: "ensembleForecaster", 5: "planCapacity", 6: "decide", 7: "planActions" } as const;

export async function functionHere(
  env: Readonly<Record<string, string>>,
  token: string,
  fly: Fly,
): Promise<FunctionHere> {
  let offsetMs = 0;
  let port: string | null = null;
  let inside: { step: InsideStep; strike: () => void } | null = null;
  let hasStruck = false;

  function reach(step: InsideStep): void {
    if (inside?.step !== step) return;
    const { strike } = inside;
    inside = null;
    hasStruck = true;
    strike();
  }
  type Fn = (...args: never[]) => unknown;
  const reaching = (step: InsideStep) => async (load: () => Promise<unknown>) => {
    const real = (await load()) as Record<string, Fn>;
    const name = STEPS[step];
    const over = (...args: never[]) => {
      reach(step);
      return real[name]!(...args);
    };
    return { ...real, [name]: over };
  };
  vi.doMock("../../src/core/forecast/ensemble.ts", reaching(4));
  vi.doMock("../../src/core/capacity/plan-capacity.ts", reaching(5));
  vi.doMock("../../src/core/decide.ts", reaching(6));
  vi.doMock("../../src/core/actions.ts", reaching(7));
  vi.doMock("../../src/adapters/simulation.ts", async (load) => {
    const real = await load<typeof import("../../src/adapters/simulation.ts")>();
    const joinSimulation: typeof real.joinSimulation = (...args) => {
      const joined = real.joinSimulation(...args);
      // As a host's own clock, it also runs while nobody asks Fly.
      const now = () => fly.now() + offsetMs;
      return { ...joined, clock: { ...joined.clock, now }, sync: async () => {} };
    };
    return { ...real, joinSimulation };
  });
  vi.spyOn(console, "log").mockImplementation(() => {});
  shortenPatience();

  function throwing<T extends object>(ports: T): T {
    const wrap = (room: string, value: unknown) => {
      if (typeof value !== "object" || value === null) return value;
      const methods = Object.entries(value).map(([method, call]) => {
        if (typeof call !== "function") return [method, call];
        const over = (...args: never[]) => {
          if (port !== `${room}.${method}`) return call(...args);
          port = null;
          hasStruck = true;
          return Promise.reject(new Error(`${room}.${method} failed in this test`));
        };
        return [method, over];
      });
      return Object.fromEntries(methods);
    };
    return Object.fromEntries(Object.entries(ports).map(([room, value]) => [room, wrap(room, value)])) as T;
  }

  vi.resetModules();
  const { serve } = await import("../../src/api/serve.ts");
  const { tickEndpoints } = await import("../../src/api/tick.ts");
  const { readConfig } = await import("../../src/config.ts");
  const { runTick } = await import("../../src/tick/run-tick.ts");
  const { serveTools, wire } = await import("../../src/wire.ts");
  const make = () => {
    const config: Config = readConfig(env);
    const wired = wire(config);
    const ports = throwing(wired);
    const { apps, mode, tick } = config;
    const endpoints = tickEndpoints({
      rules: { cadenceMs: tick.cadenceMs, mode, apps, simulated: true },
      run: (request) => wired.remembering(() => runTick(request, tick, ports)),
    });
    return { ...ports, endpoints };
  };
  const handle = serve("auto-scaling", make, serveTools);
  return {
    async tick(apps) {
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      const init = { method: "POST", headers, body: JSON.stringify({ apps }) };
      return replyOf(await handle(new Request("http://127.0.0.1/auto-scaling", init)));
    },
    jumpClock: (next) => {
      offsetMs = next;
    },
    throwAt: (method) => {
      port = method;
    },
    strikeInside: (step, strike) => {
      inside = { step, strike };
    },
    settle() {
      const struck = hasStruck;
      [port, inside, hasStruck, offsetMs] = [null, null, false, 0];
      return struck;
    },
  };
}
