/**
 * Fly's machine states and which verb is allowed from which.
 *
 *   created ──(image ready)──▶ starting ──▶ started ◀──▶ stopping/suspending ──▶ stopped / suspended
 *      └──(skip_launch)──▶ stopped            │  └─ restarting ─▶ started
 *   stopped, suspended, failed ── start ──▶ starting ──▶ started | failed | launch_failed ─▶ destroyed
 *   created, started, stopped, suspended, failed ── update ──▶ replacing ──▶ started (if it was) | stopped
 *   anything ── destroy ──▶ destroying ──▶ destroyed ──▶ 404
 *
 * The trap: Fly's documentation allows start from `created`, the running service refuses it. So do we.
 */
export type MachineState =
  | "created"
  | "starting"
  | "started"
  | "stopping"
  | "stopped"
  | "suspending"
  | "suspended"
  | "restarting"
  | "replacing"
  | "destroying"
  | "destroyed"
  | "failed"
  | "launch_failed";

export type Verb = "start" | "stop" | "suspend" | "restart" | "update" | "destroy";

/** go: it happens; already: answered 200 and nothing happens; refused: 412 with this text. */
export type Verdict = "go" | "already" | { refused: string };

const RESTING: readonly MachineState[] = ["created", "stopped", "suspended", "failed"];

const TABLE: Record<Verb, { go: readonly MachineState[]; already: readonly MachineState[] }> = {
  start: { go: ["stopped", "suspended", "suspending", "failed"], already: ["starting", "started"] },
  stop: { go: ["created", "started", "suspended", "failed"], already: ["stopping", "stopped"] },
  suspend: { go: ["started"], already: ["suspending", "suspended"] },
  restart: { go: ["started"], already: ["restarting"] },
  update: { go: [...RESTING, "started"], already: [] },
  destroy: { go: RESTING, already: ["destroying", "destroyed"] },
};

/** What Fly says to `verb` on a machine in `state`; `force` matters to destroy alone. */
export function judge(verb: Verb, state: MachineState, force = false): Verdict {
  const rule = TABLE[verb];
  if (rule.already.includes(state)) return "already";
  if (rule.go.includes(state)) return "go";
  if (verb === "destroy" && force) return "go";
  if (verb === "destroy") {
    return { refused: "failed_precondition: unable to destroy machine, not currently suspended or stopped" };
  }
  if (verb === "start" && state === "replacing") {
    return { refused: "failed_precondition: machine getting replaced, refusing to start" };
  }
  return { refused: `failed_precondition: unable to ${verb} machine from current state: '${state}'` };
}
