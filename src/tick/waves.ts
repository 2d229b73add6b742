/**
 * The order of a tick's calls: what must make room first, then what grows, then what shrinks.
 *
 *   stops that a start waits for ─▶ starts, machines put back into routing, and beside them creates
 *     ─▶ cordons ─▶ (they drain) ─▶ stops ─▶ cordons lifted from what was stopped ─▶ destroys
 *
 * Growing comes first, since a machine too many is the cheaper mistake. The trap is an uncordon: it is growth where its machine
 * goes on, and the end of its rest where that is stopped in the same tick.
 */
import type { Action } from "../core/actions.ts";
import type { Intent } from "../ports.ts";

export type Wave = {
  /** Of machines that are there. */
  readonly moves: readonly Intent[];
  /** Beside the moves, at the pace that Fly allows an app. */
  readonly creates: readonly Intent[];
  /** What is for good goes one after the other. */
  readonly isOneByOne: boolean;
  /** It begins once what was cordoned has drained. */
  readonly isAfterDrain: boolean;
};

/** Every intent in one wave, in their order; waves may be empty. */
export function wavesOf(intents: readonly Intent[]): Wave[] {
  const awaited = new Set(intents.flatMap(({ action }) => ("insteadOf" in action ? [action.insteadOf] : [])));
  const resting = new Set(intents.flatMap(({ action }) => (isRest(action) ? [action.machineId] : [])));
  const isClearing = (action: Action) => isRest(action) && awaited.has(action.machineId);
  const isReturn = (action: Action) => action.kind === "uncordon" && !resting.has(action.machineId);
  const wave = (fits: (action: Action) => boolean, more: Partial<Wave> = {}): Wave => {
    return {
      moves: intents.filter(({ action }) => fits(action)),
      creates: [],
      isOneByOne: false,
      isAfterDrain: false,
      ...more,
    };
  };
  return [
    wave(isClearing),
    wave((action) => action.kind === "start" || isReturn(action), {
      creates: intents.filter(({ action }) => action.kind === "create"),
    }),
    wave(({ kind }) => kind === "cordon"),
    wave((action) => isRest(action) && !isClearing(action), { isAfterDrain: true }),
    wave((action) => action.kind === "uncordon" && !isReturn(action)),
    wave(({ kind }) => kind === "destroy", { isOneByOne: true }),
  ];
}

function isRest(action: Action): action is Extract<Action, { kind: "stop" | "suspend" }> {
  return action.kind === "stop" || action.kind === "suspend";
}
