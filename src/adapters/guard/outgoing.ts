/**
 * What the wiring wraps around each thing that calls out: a port, a fetch, a client. One line per dependency says how patient
 * flyahead is with it.
 */
import type { Verdict } from "../../core/breaker/breaker.ts";
import { MINUTE_MS, SECOND_MS } from "../../core/time.ts";
import type { Guard, MachineApi, OutgoingCall } from "../../ports.ts";
import { readRetryAfterMs } from "../http/retry-after.ts";
import type { Fetch } from "../http.ts";
import { guardMachineApi } from "./machine-api.ts";

type Patience = Pick<OutgoingCall, "kind" | "tries" | "deadlineMs" | "patienceMs">;

/**
 * Fly has its own (machine-api.ts). The client of Redis tries twice within its timeout. What Postgres does not answer, the tick
 * repeats; and queries of a flood wait for each other at the one connection of an isolate, which is no slowness of Postgres.
 */
const PATIENCE = {
  postgres: { kind: "write", tries: 1, deadlineMs: MINUTE_MS, patienceMs: 30 * SECOND_MS },
  redis: { kind: "write", tries: 1, deadlineMs: 5 * SECOND_MS },
  heartbeat: { kind: "read", tries: 2, deadlineMs: 10 * SECOND_MS },
  prometheus: { kind: "read", tries: 2, deadlineMs: 15 * SECOND_MS },
  experts: { kind: "read", tries: 2, deadlineMs: 15 * SECOND_MS },
} as const satisfies Record<string, Patience>;

export type Dependency = keyof typeof PATIENCE;
type Judge = (error: unknown) => Verdict;
type Methods = Record<string, (...args: never[]) => Promise<unknown>>;

export type Outgoing = {
  /** The port with each of its methods behind the guard. */
  port<P>(dependency: Dependency, port: P, judge: Judge): P;
  /** For what sends its requests itself. */
  through(dependency: Dependency, judge: Judge): <T>(send: () => Promise<T>) => Promise<T>;
  /**
   * A fetch whose answers count: 429, 401, 403, 408 and 5xx are seen by the breaker, and still handed on as they are.
   * @param waitMs how long its callers wait for an answer, where that is known: nothing is tried again after it, and what
   * takes less is not slow
   */
  sender(dependency: Dependency, send: Fetch, waitMs?: number): Fetch;
  machineApi(api: MachineApi): MachineApi;
};

export function createOutgoing(guard: Guard): Outgoing {
  const callOf = (dependency: Dependency, judge: Judge): OutgoingCall => ({
    dependency,
    breakers: [{ name: dependency, counts: "both" }],
    bucket: null,
    ...PATIENCE[dependency],
    judge,
  });
  return {
    port(dependency, port, judge) {
      const call = callOf(dependency, judge);
      const guarded = Object.entries(port as Methods).map(([name, method]) => [
        name,
        (...args: never[]) => guard(call, () => method(...args)),
      ]);
      return Object.fromEntries(guarded);
    },
    through(dependency, judge) {
      const call = callOf(dependency, judge);
      return (send) => guard(call, send);
    },
    sender(dependency, send, waitMs) {
      const common = callOf(dependency, judgeHttp);
      const patient = waitMs === undefined ? common : { ...common, deadlineMs: waitMs, patienceMs: waitMs };
      return async (input, init) => {
        // Deno's types and Node's do not agree on what a RequestInit is.
        const { signal } = (init ?? {}) as { readonly signal?: AbortSignal | null };
        const call = signal ? { ...patient, signal } : patient;
        let before: Response | null = null;
        try {
          return await guard(call, async () => {
            await before?.body?.cancel();
            const answer = await send(input, init);
            before = answer;
            if (resultOf(answer.status) !== "success") throw new UnwelcomeAnswer(answer);
            return answer;
          });
        } catch (error) {
          if (error instanceof UnwelcomeAnswer) return error.answer;
          throw error;
        }
      };
    },
    machineApi: (api) => guardMachineApi(api, guard),
  };
}

class UnwelcomeAnswer extends Error {
  override readonly name = "UnwelcomeAnswer";
  readonly answer: Response;
  constructor(answer: Response) {
    super(`answered ${answer.status}`);
    this.answer = answer;
  }
}

function resultOf(status: number): Verdict["result"] {
  if (status === 429) return "limited";
  if (status === 401 || status === 403) return "denied";
  return status === 408 || status >= 500 ? "failure" : "success";
}

function judgeHttp(error: unknown): Verdict {
  if (!(error instanceof UnwelcomeAnswer)) return { result: "failure", retryAfterMs: null };
  const { status, headers } = error.answer;
  return { result: resultOf(status), retryAfterMs: readRetryAfterMs(headers, null) };
}
