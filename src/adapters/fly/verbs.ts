/**
 * A verb that finds its work done is done: start, stop, suspend, cordon, uncordon and destroy as a caller may repeat them.
 *
 * The trap is the second start or stop of a machine that is already there: Fly answers some with success and refuses
 * others. A start tells the state before it; a stop and a suspend tell nothing, so the machine is read first.
 */
import type { MachineState } from "../../core/fleet.ts";
import { isMachineApiError } from "../../errors.ts";
import type { FlyClient } from "./client.ts";
import { failed } from "./fly-error.ts";
import { stateOf, toMachine } from "./machine.ts";
import { configToKeep } from "./min-running.ts";
import { whileLeased } from "./while-leased.ts";

export type VerbAnswer = "done" | "alreadyDone";
export type Verbs = {
  start(app: string, id: string): Promise<VerbAnswer>;
  /** Likewise leased; it is stopped again when this answers, or soon after. `alreadyDone`: nothing to set, or it is not stopped. */
  keepMinRunning(app: string, id: string, minRunning: number): Promise<VerbAnswer>;
  /** Under the machine's lease, so that no deploy is disturbed: `leaseHeld` where one has it. */
  stop(app: string, id: string): Promise<VerbAnswer>;
  /** Likewise. */
  suspend(app: string, id: string): Promise<VerbAnswer>;
  /** Likewise; `alreadyDone` is somebody else's doing. */
  cordon(app: string, id: string): Promise<VerbAnswer>;
  uncordon(app: string, id: string): Promise<VerbAnswer>;
  /** Likewise; also one that runs. A machine that is gone is destroyed. */
  destroy(app: string, id: string): Promise<VerbAnswer>;
  /** Likewise, but `wrongState` where it runs, or may have a volume: it is read again once its lease is ours. */
  destroyResting(app: string, id: string): Promise<VerbAnswer>;
};

type Goal = ReadonlySet<MachineState>;
const STARTED: Goal = new Set(["starting", "started"]);
const STOPPED: Goal = new Set(["stopping", "stopped"]);
const SUSPENDED: Goal = new Set(["suspending", "suspended"]);
const DESTROYED: Goal = new Set(["destroying", "destroyed"]);
const RESTING: Goal = new Set(["stopped", "suspended"]);

/** Three times what an update of a stopped machine was measured to take. */
const UPDATE_SECONDS = 10;

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

  async function route(app: string, id: string, verb: "cordon" | "uncordon"): Promise<VerbAnswer> {
    const task = `${verb} machine ${id} of app ${app}`;
    const before = await machines.get(app, id, `${task} (reading it first)`);
    if ((before.cordoned ?? false) === (verb === "cordon")) return "alreadyDone";
    await whileLeased(leases, { app, id, task, ttlSeconds: leaseSeconds }, (nonce) =>
      machines[verb](app, id, nonce),
    );
    return "done";
  }

  /** Read again under the lease: what was started in between is left alone. */
  async function keepMinRunning(app: string, id: string, minRunning: number): Promise<VerbAnswer> {
    const task = `set min_machines_running ${minRunning} on machine ${id} of app ${app}`;
    const look = async () => {
      const machine = await machines.get(app, id, `${task} (reading it first)`);
      const config = stateOf(machine.state) === "stopped" ? configToKeep(machine, minRunning) : null;
      return config === null || machine.version === null ? null : { config, version: machine.version };
    };
    // Until then Fly refuses a start.
    const settle = (version: string | null) =>
      machines.wait(app, id, "stopped", UPDATE_SECONDS, version ?? undefined).catch(() => false);
    if ((await look()) === null) return "alreadyDone";
    try {
      const lease = { app, id, task, ttlSeconds: leaseSeconds };
      const updated = await whileLeased(leases, lease, async (nonce) => {
        const change = await look();
        return change && (await machines.update(app, id, { ...change, nonce, skipLaunch: true }));
      });
      if (updated === null) return "alreadyDone";
      await settle(updated.version);
      return "done";
    } catch (error) {
      if (isMachineApiError(error) && error.kind === "ambiguous") await settle(null);
      throw error;
    }
  }

  async function requireSpare(app: string, id: string): Promise<void> {
    const task = `destroy machine ${id} of app ${app}`;
    const machine = toMachine(await machines.get(app, id, `${task} (reading it once more)`));
    if (RESTING.has(machine.state) && machine.hasVolume === false) return;
    const why = machine.hasVolume === false ? `it is ${machine.state}` : "it has a volume, or may have one";
    throw failed("wrongState", { task }, why);
  }

  async function unlessGone(act: () => Promise<VerbAnswer>): Promise<VerbAnswer> {
    try {
      return await act();
    } catch (error) {
      if (isMachineApiError(error) && error.kind === "notFound") return "alreadyDone";
      throw error;
    }
  }

  return {
    start: (app, id) =>
      unlessThere(app, id, STARTED, async () => {
        return STARTED.has(stateOf(await machines.start(app, id))) ? "alreadyDone" : "done";
      }),
    keepMinRunning,
    stop: (app, id) => under(app, id, "stop", STOPPED, (nonce) => machines.stop(app, id, { nonce })),
    suspend: (app, id) => under(app, id, "suspend", SUSPENDED, (nonce) => machines.suspend(app, id, nonce)),
    cordon: (app, id) => route(app, id, "cordon"),
    uncordon: (app, id) => route(app, id, "uncordon"),
    destroy: (app, id) =>
      unlessGone(() => under(app, id, "destroy", DESTROYED, (nonce) => machines.destroy(app, id, nonce))),
    destroyResting: (app, id) =>
      unlessGone(() =>
        under(app, id, "destroy", DESTROYED, async (nonce) => {
          await requireSpare(app, id);
          await machines.destroy(app, id, nonce);
        }),
      ),
  };
}
