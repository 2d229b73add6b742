/**
 * The calls about machines, one to one: each goes out once, and answers what Fly answered.
 *
 * Traps: an update takes the whole configuration, and what is left out is lost. A summary has no configuration, and so no
 * process group. Fly waits at most a minute, and a wait that ran out is no failure of the machine.
 */
import { z } from "zod";
import { SECOND_MS } from "../../core/time.ts";
import type { FlyCall, FlyCaller } from "./call.ts";
import { type FlyMachine, machineListShape, machineShape, startedShape, stoppedShape } from "./shapes.ts";

export type MachineFilter = {
  readonly region?: string;
  readonly states?: readonly string[];
  /** As metadata is spelt at Fly: {fly_process_group: "web"}. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly includeDeleted?: boolean;
  /** Without configuration, checks and events. */
  readonly summary?: boolean;
};

export type NewMachine = {
  /** Unique in the app: it makes the create safe to look up. */
  readonly name: string;
  /** One code; the machine's own `region` says where it came to be. */
  readonly region: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** It is left stopped once its image is there. */
  readonly skipLaunch?: boolean;
  /** It is created cordoned. */
  readonly cordoned?: boolean;
};

export type WaitState = "started" | "stopped" | "suspended" | "destroyed" | "failed" | "settled";
export type StopTerms = {
  readonly nonce?: string | undefined;
  readonly signal?: string;
  readonly graceSeconds?: number;
};

export type MachineCalls = ReturnType<typeof createMachineCalls>;

/** What a verb answers; nobody needs more of it than that it was no refusal. */
const done = z.object({ ok: z.literal(true).nullish() });
/** A wait that ran out says no ok. */
const waitedShape = z.object({ ok: z.boolean().nullish() });
const LONGEST_WAIT_SECONDS = 60;
/** For the answer to travel. */
const WAIT_SLACK_MS = 5 * SECOND_MS;

export function createMachineCalls(call: FlyCaller) {
  const path = (app: string, ...rest: string[]) => ["apps", app, "machines", ...rest];
  const read = (app: string, task: string, rest: readonly string[]): FlyCall => {
    return { app, task, phase: "read", method: "GET", path: path(app, ...rest) };
  };
  const write = (
    app: string,
    verb: string,
    id: string,
    nonce: string | undefined,
    ending = [verb],
  ): FlyCall => {
    const task = `${verb} machine ${id} of app ${app}`;
    return { app, task, phase: "write", method: "POST", path: path(app, id, ...ending), nonce };
  };

  return {
    list: (app: string, filter: MachineFilter = {}): Promise<FlyMachine[]> =>
      call({ ...read(app, `list the machines of app ${app}`, []), query: queryOf(filter) }, machineListShape),

    /** `notFound` where it is gone. */
    get: (app: string, id: string, task = `read machine ${id} of app ${app}`): Promise<FlyMachine> =>
      call(read(app, task, [id]), machineShape),

    /** `nameTaken` where the name exists, with its holder's id. */
    create(app: string, machine: NewMachine, task = `create machine ${machine.name} of app ${app}`) {
      const { name, region, config, skipLaunch, cordoned } = machine;
      const body = {
        name,
        region,
        config,
        ...(skipLaunch === undefined ? {} : { skip_launch: skipLaunch }),
        ...(cordoned === undefined ? {} : { skip_service_registration: cordoned }),
      };
      const request: FlyCall = { app, task, phase: "write", method: "POST", path: path(app), body };
      return call(request, machineShape);
    },

    /** The whole new configuration; `versionMoved` where the machine is no longer at `version`. Restarts it if it runs. */
    update(
      app: string,
      id: string,
      change: {
        config: Readonly<Record<string, unknown>>;
        version: string;
        nonce?: string;
        skipLaunch?: boolean;
      },
    ): Promise<FlyMachine> {
      const { config, version, nonce, skipLaunch } = change;
      const body = {
        config,
        current_version: version,
        ...(skipLaunch === undefined ? {} : { skip_launch: skipLaunch }),
      };
      return call({ ...write(app, "update", id, nonce, []), body }, machineShape);
    },

    /** Answers the state before, in Fly's word; "" where it is not told. */
    async start(app: string, id: string, nonce?: string): Promise<string> {
      return (await call(write(app, "start", id, nonce), startedShape)).previous_state ?? "";
    },

    async stop(app: string, id: string, { nonce, signal, graceSeconds }: StopTerms = {}): Promise<void> {
      const body = {
        ...(signal === undefined ? {} : { signal }),
        ...(graceSeconds === undefined ? {} : { timeout: `${graceSeconds}s` }),
      };
      const hasTerms = Object.keys(body).length > 0;
      await call({ ...write(app, "stop", id, nonce), ...(hasTerms ? { body } : {}) }, stoppedShape);
    },

    async suspend(app: string, id: string, nonce?: string): Promise<void> {
      await call(write(app, "suspend", id, nonce), done);
    },

    /** Out of Fly Proxy's routing; what is in flight goes on. */
    async cordon(app: string, id: string, nonce?: string): Promise<void> {
      await call(write(app, "cordon", id, nonce), done);
    },

    async uncordon(app: string, id: string, nonce?: string): Promise<void> {
      await call(write(app, "uncordon", id, nonce), done);
    },

    /** Also one that runs. Its volume stays. */
    async destroy(app: string, id: string, nonce?: string): Promise<void> {
      const force = { method: "DELETE", query: { force: "true" } } as const;
      await call({ ...write(app, "destroy", id, nonce, []), ...force }, done);
    },

    /** False where the machine, or this version of it, is not there after `timeoutSeconds` (1 to 60) yet. */
    async wait(
      app: string,
      id: string,
      state: WaitState,
      timeoutSeconds: number,
      version?: string,
    ): Promise<boolean> {
      const seconds = Math.min(LONGEST_WAIT_SECONDS, Math.max(1, Math.round(timeoutSeconds)));
      const task = `wait for machine ${id} of app ${app} to be ${state}`;
      const request = { ...read(app, task, [id, "wait"]), timeoutMs: seconds * SECOND_MS + WAIT_SLACK_MS };
      const query = { state, timeout: `${seconds}`, version };
      const answer = await call({ ...request, query, alsoAnswers: 408 }, waitedShape);
      return answer.ok ?? false;
    },
  };
}

function queryOf({ region, states, metadata = {}, includeDeleted, summary }: MachineFilter) {
  const labels = Object.entries(metadata).map(([key, value]) => [`metadata.${key}`, value]);
  return {
    region,
    state: states?.join(","),
    include_deleted: includeDeleted ? "true" : undefined,
    summary: summary ? "true" : undefined,
    ...Object.fromEntries(labels),
  };
}
