/**
 * The fleet of the small exact world: what is asked for is billed at once and serves a boot later; what is taken away goes
 * at once, booting machines first.
 */
import type { Machine, PoolKey } from "../../src/core/fleet.ts";
import type { Instant } from "../../src/core/time.ts";

export type Fleet = {
  readonly serving: number;
  readonly billed: number;
  /** Machines as Fly would list them at `now`. */
  list(now: Instant): Machine[];
  /** Asks for `wanted` machines at `now`. */
  ask(wanted: number, now: Instant): void;
};

export function fleetOf(pool: PoolKey, settled: number, bootMs: number): Fleet {
  let serving = settled;
  const booting: Instant[] = [];
  const land = (now: Instant) => {
    while (booting.length > 0 && booting[0]! + bootMs <= now) {
      booting.shift();
      serving += 1;
    }
  };
  const machine = (ordinal: number, state: "started" | "starting", askedAt: Instant): Machine => ({
    id: `m${ordinal}`,
    name: `m${ordinal}`,
    region: pool.region,
    processGroup: pool.processGroup,
    state,
    health: state === "started" ? "passing" : "unknown",
    cordoned: false,
    createdAt: 0,
    lastAsked: state === "started" ? null : { verb: "start", by: "user", at: askedAt },
    size: null,
  });
  return {
    get serving() {
      return serving;
    },
    get billed() {
      return serving + booting.length;
    },
    list(now) {
      land(now);
      const running = Array.from({ length: serving }, (_, i) => machine(i, "started", 0));
      return [...running, ...booting.map((askedAt, i) => machine(serving + i, "starting", askedAt))];
    },
    ask(wanted, now) {
      land(now);
      for (let i = serving + booting.length; i < wanted; i++) booting.push(now);
      while (booting.length > 0 && serving + booting.length > wanted) booting.pop();
      serving = Math.min(serving, wanted);
      land(now);
    },
  };
}
