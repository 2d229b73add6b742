/**
 * Actions of one machine hang on each other: it is stopped after it was taken out of routing and has drained, put back into
 * routing after it was stopped, and where the maximum leaves no room another starts only after it is gone.
 *
 * The trap is a cordon that finds the machine cordoned already: that is somebody else's, and so is the machine for now.
 */
import type { Action } from "../core/actions.ts";
import type { Outcome } from "../ports.ts";

export type SettledAction = { readonly action: Action; readonly outcome: Pick<Outcome, "status"> };

/**
 * Why an action must not be made, after how those before it in the tick went; null: it may.
 * @param drained ids of machines that were waited for since their cordon
 */
export function hindranceOf(
  action: Action,
  before: readonly SettledAction[],
  drained: ReadonlySet<string>,
): string | null {
  switch (action.kind) {
    case "start":
    case "create": {
      const gone = action.insteadOf === undefined || isDone(before, action.insteadOf, ["stop"]) !== false;
      return gone ? null : `machine ${action.insteadOf}, whose place it takes, could not be stopped`;
    }
    case "stop":
    case "suspend":
      return drainHindrance(action.machineId, before, drained);
    case "uncordon": {
      const rests = isDone(before, action.machineId, ["stop", "suspend"]);
      return rests === false ? "it was not stopped, so it goes on draining" : null;
    }
    default:
      return null;
  }
}

function drainHindrance(
  machineId: string,
  before: readonly SettledAction[],
  drained: ReadonlySet<string>,
): string | null {
  const cordon = before.find(({ action }) => action.kind === "cordon" && action.machineId === machineId);
  if (cordon === undefined) return null;
  if (cordon.outcome.status === "alreadyDone") return "somebody else took it out of routing a moment ago";
  if (cordon.outcome.status !== "done") return "it could not be taken out of routing first";
  return drained.has(machineId) ? null : "it is still draining; a later tick stops it";
}

/** null: nothing of these kinds was asked of it. */
function isDone(
  before: readonly SettledAction[],
  machineId: string,
  kinds: readonly Action["kind"][],
): boolean | null {
  const asked = before.find(
    ({ action }) => kinds.includes(action.kind) && action.kind !== "create" && action.machineId === machineId,
  );
  return asked === undefined
    ? null
    : asked.outcome.status === "done" || asked.outcome.status === "alreadyDone";
}
