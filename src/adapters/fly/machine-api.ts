/**
 * The Machines API as the tick needs it: list, get, start, stop, and create as a clone.
 *
 * Each call goes out once: retries belong to the tick, limits to the guard. The trap is the second start or stop of
 * a machine that is already there: Fly answers some with success and refuses others. A start tells the state before
 * it; a stop tells nothing, so the machine is read first.
 */
import type { MachineState } from "../../core/fleet.ts";
import type { Instant } from "../../core/time.ts";
import { isMachineApiError } from "../../errors.ts";
import type { MachineApi } from "../../ports.ts";
import type { Fetch } from "../http.ts";
import { createFlyCaller, type FlyCall, failed } from "./call.ts";
import { cloneConfig } from "./clone.ts";
import { isPlatformMachine, stateOf, toMachine } from "./machine.ts";
import { type FlyMachine, machineListShape, machineShape, startedShape, stoppedShape } from "./shapes.ts";
import { readFlyTokens } from "./tokens.ts";

export type FlyMachineApiOptions = {
  /** "https://api.machines.dev", with or without /v1. */
  readonly baseUrl: string;
  /** One token or a list; see tokens.ts. */
  readonly tokens: string;
  readonly fetch: Fetch;
  /** For one call, its body included. */
  readonly timeoutMs: number;
  /** Asked only for a Retry-After that is a date in an answer without one. */
  readonly clock?: { now(): Instant };
};

const STARTED: ReadonlySet<MachineState> = new Set(["starting", "started"]);
const STOPPED: ReadonlySet<MachineState> = new Set(["stopping", "stopped"]);

/** @throws TypeError where the token list is malformed */
export function createFlyMachineApi(options: FlyMachineApiOptions): MachineApi {
  const { baseUrl, fetch, timeoutMs, clock } = options;
  const tokens = readFlyTokens(options.tokens);
  const call = createFlyCaller({ baseUrl, tokens, fetch, timeoutMs, now: clock ? () => clock.now() : null });

  function read(app: string, id: string, task = `read machine ${id} of app ${app}`): Promise<FlyMachine> {
    return call({ app, task, phase: "read", method: "GET", path: [id] }, machineShape);
  }

  /** A refusal by a machine that is where it should be is no failure. */
  async function unlessAlready<T>(
    app: string,
    id: string,
    goal: ReadonlySet<MachineState>,
    act: () => Promise<T>,
  ): Promise<T | "alreadyDone"> {
    try {
      return await act();
    } catch (refusal) {
      if (!isMachineApiError(refusal) || refusal.kind !== "wrongState") throw refusal;
      const machine = await read(app, id).catch(() => null);
      if (machine !== null && goal.has(stateOf(machine.state))) return "alreadyDone";
      throw refusal;
    }
  }

  return {
    async list(app) {
      const task = `list the machines of app ${app}`;
      const machines = await call({ app, task, phase: "read", method: "GET", path: [] }, machineListShape);
      return machines.filter(isPlatformMachine).map(toMachine);
    },

    async get(app, id) {
      return toMachine(await read(app, id));
    },

    start: (app, id) =>
      unlessAlready(app, id, STARTED, async () => {
        const answer = await call(
          write(app, `start machine ${id} of app ${app}`, [id, "start"]),
          startedShape,
        );
        return STARTED.has(stateOf(answer.previous_state ?? "")) ? "alreadyDone" : "done";
      }),

    stop: (app, id) =>
      unlessAlready(app, id, STOPPED, async () => {
        const task = `stop machine ${id} of app ${app}`;
        const before = await read(app, id, `${task} (reading it first)`);
        if (STOPPED.has(stateOf(before.state))) return "alreadyDone";
        await call(write(app, task, [id, "stop"]), stoppedShape);
        return "done";
      }),

    async create(app, { name, region, templateId }) {
      const task = `create machine ${name} in ${region} for app ${app} as a clone of ${templateId}`;
      const clone = cloneConfig(await read(app, templateId, `${task} (reading the template first)`));
      if (!("config" in clone))
        throw failed(clone.kind, { task }, `the template cannot be cloned: ${clone.why}`);
      const body = { name, region, config: clone.config };
      return toMachine(await call({ ...write(app, task, []), body }, machineShape));
    },
  };
}

function write(app: string, task: string, path: readonly string[]): FlyCall {
  return { app, task, phase: "write", method: "POST", path };
}
