/**
 * Ports whose Nth call goes wrong, the others being the real ones: a process that is killed, or an outside system that
 * fails, between any two lines of a tick.
 *
 *   killed   the call never returns, and nothing that is asked after it happens at all
 *   failed   the call throws, once; the tick goes on as it can
 *
 * Either before the call acted or after. The trap is what a dead process has under way: calls that were sent before its
 * death still arrive, so `settled` waits for them.
 */
import type { TickPorts } from "../../src/ports.ts";

export type Harm = {
  readonly how: "killed" | "failed";
  readonly when: "before" | "after";
  readonly call: number;
};
export const HARMS = (["killed", "failed"] as const).flatMap((how) =>
  (["before", "after"] as const).map((when) => ({ how, when })),
);

export type DeadlyPorts = {
  readonly ports: TickPorts;
  /** Resolves, with the name of the call, when the process is dead. */
  readonly died: Promise<string>;
  /** The calls so far, as "history.openTick". */
  readonly calls: readonly string[];
  settled(): Promise<void>;
};

const ROOMS = ["lock", "leases", "history", "samples", "machineApi", "notifier"] as const;
const never = new Promise<never>(() => {});

export function deadlyPorts(ports: TickPorts, harm: Harm | null): DeadlyPorts {
  const calls: string[] = [];
  const underWay = new Set<Promise<unknown>>();
  let isDead = false;
  let announce: (call: string) => void = () => {};
  const died = new Promise<string>((resolve) => {
    announce = resolve;
  });

  function strike(name: string): Promise<never> {
    if (harm?.how === "failed") return Promise.reject(new Error(`${name} failed in this test`));
    isDead = true;
    announce(name);
    return never;
  }

  async function pass(name: string, act: () => Promise<unknown>): Promise<unknown> {
    if (isDead) return never;
    calls.push(name);
    const isHit = harm !== null && calls.length === harm.call;
    if (isHit && harm.when === "before") return strike(name);
    const acting = act();
    underWay.add(acting);
    const answer = await acting.finally(() => underWay.delete(acting));
    if (isHit) return strike(name);
    return isDead ? never : answer;
  }

  function wrap<T extends object>(room: string, port: T): T {
    const wrapped = Object.entries(port).map(([method, call]) => [
      method,
      (...args: unknown[]) => pass(`${room}.${method}`, () => call(...args)),
    ]);
    return Object.fromEntries(wrapped) as T;
  }

  const rooms = Object.fromEntries(ROOMS.map((room) => [room, wrap(room, ports[room])]));
  return {
    ports: { ...ports, ...rooms } as TickPorts,
    died,
    calls,
    async settled() {
      while (underWay.size > 0) await Promise.allSettled(underWay);
    },
  };
}
