/**
 * A verb that finds its work done is done: start, stop, suspend and destroy as a caller may repeat them.
 *
 * The trap is the second start or stop of a machine that is already there: Fly answers some with success and refuses
 * others. A start tells the state before it; a stop and a suspend tell nothing, so the machine is read first.
 */
import type { MachineState } from "../../core/fleet.ts";
import { isMachineApiError } from "../../errors.ts";
import type { FlyClient } from "./client.ts";
import { stateOf } from "./machine.ts";
import { whileLeased } from "./while-leased.ts";

export type VerbAnswer = "done" | "alreadyDone";
export type Verbs = {
  start(app: string, id: string): Promise<VerbAnswer>;
  /** Under the machine's lease, so that no deploy is disturbed: `leaseHeld` where one has it. */
  stop(app: string, id: string): Promise<VerbAnswer>;
  /** Likewise. */
  suspend(app: string, id: string): Promise<VerbAnswer>;
  /** Likewise; also one that runs. A machine that is gone is destroyed. */
  destroy(app: string, id: string): Promise<VerbAnswer>;
};

type Goal = ReadonlySet<MachineState>;
const STARTED: Goal = new Set(["starting", "started"]);
const STOPPED: Goal = new Set(["stopping", "stopped"]);
const SUSPENDED: Goal = new Set(["suspending", "suspended"]);
const DESTROYED: Goal = new Set(["destroying", "destroyed"]);

/** @param leaseSeconds longer than a call may take: a lease that its holder cannot give back ends by itself */
export function createVerbs({ machines, leases }: FlyClient, leaseSeconds: number): Verbs {
  /** A refusal by a machine that is where it should be is no failure. */
  async function unlessThere(app: string, id: string, goal: Goal, act: () => Promise<VerbAnswer>) {
    try {
      return await act();
    } catch (refusal) {
      if (!isMachineApiError(refusal) || refusal.kind !== "wrongState") throw refusal;
      const machine = await machines.get(app, id).catch(() => null);
      if (machine !== null && goal.has(stateOf(machine.state))) return "alreadyDone";
      throw refusal;
    }
  }

  function under(app: string, id: string, verb: string, goal: Goal, act: (nonce: string) => Promise<void>) {
    return unlessThere(app, id, goal, async () => {
      const task = `${verb} machine ${id} of app ${app}`;
      const before = await machines.get(app, id, `${task} (reading it first)`);
      if (goal.has(stateOf(before.state))) return "alreadyDone";
      await whileLeased(leases, { app, id, task, ttlSeconds: leaseSeconds }, act);
      return "done";
    });
  }

  return {
    start: (app, id) =>
      unlessThere(app, id, STARTED, async () => {
        return STARTED.has(stateOf(await machines.start(app, id))) ? "alreadyDone" : "done";
      }),
    stop: (app, id) => under(app, id, "stop", STOPPED, (nonce) => machines.stop(app, id, { nonce })),
    suspend: (app, id) => under(app, id, "suspend", SUSPENDED, (nonce) => machines.suspend(app, id, nonce)),
    async destroy(app, id) {
      try {
        return await under(app, id, "destroy", DESTROYED, (nonce) => machines.destroy(app, id, nonce));
      } catch (error) {
        if (isMachineApiError(error) && error.kind === "notFound") return "alreadyDone";
        throw error;
      }
    },
  };
}
