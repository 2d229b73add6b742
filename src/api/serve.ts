/**
 * A function: finds the endpoint, gives each request an id, and sees to it that nothing which goes wrong leaves without a
 * proper answer or with anything internal in it. One line of the log tells how each request went.
 *
 * The endpoints are made at the first request, not at import: a fault in the configuration then becomes an answer that
 * names the variables, instead of a function that does not boot.
 */
import { SECOND_MS } from "../core/time.ts";
import { isHeldBackError, messageOf } from "../errors.ts";
import type { Log } from "../ports.ts";
import { drain } from "./body.ts";
import { answerCall, type Doors, type Visit } from "./call.ts";
import { Problem, problemBody } from "./problem.ts";
import type { Answer, Endpoint } from "./route.ts";
import { createRouter, type Match, type Router } from "./router.ts";
import { createSteps, serverTiming } from "./steps.ts";

/** When to ask again where only a person can help. */
const UNTIL_A_PERSON_MS = 60_000;

export type Handler = (request: Request) => Promise<Response>;
export type Made = Doors & { readonly endpoints: readonly Endpoint[] };

export type ServeTools = {
  readonly log: Log;
  readonly newToken: () => string;
  /** Runs the work so that every line of the log that it writes bears the id. */
  readonly underId: <T>(requestId: string, work: () => Promise<T>) => Promise<T>;
  /** A clock that only runs forward, in real time. */
  readonly elapsedMs: () => number;
};

/** @param slug the function's name: the first part of each path, where the platform leaves it in */
export function serve(slug: string, make: () => Made, tools: ServeTools): Handler {
  let made: (Doors & { readonly router: Router }) | null = null;
  const makeOnce = () => {
    if (made === null) {
      const { endpoints, ...doors } = make();
      made = { ...doors, router: createRouter(slug, endpoints) };
    }
    return made;
  };
  return (request) => {
    const requestId = tools.newToken();
    return tools.underId(requestId, () => visited(slug, request, requestId, makeOnce, tools));
  };
}

async function visited(
  slug: string,
  request: Request,
  requestId: string,
  make: () => Doors & { readonly router: Router },
  { log, elapsedMs }: ServeTools,
): Promise<Response> {
  const steps = createSteps(elapsedMs);
  const visit: Visit = { request, requestId, steps, log, headers: {}, tokenId: null };
  const from = elapsedMs();
  let match: Match | null = null;
  let problem: Problem | null = null;
  let answer: Answer | null = null;
  try {
    const { router, ...doors } = make();
    match = router(request);
    answer = await answerCall(match.endpoint, match.params, visit, doors);
  } catch (error) {
    if (!(error instanceof Problem)) log("request failed", { error: messageOf(error) });
    problem = error instanceof Problem ? error : unexpected(error);
  }
  if (problem !== null) await drain(request, match?.endpoint.route.body?.limitBytes ?? 0);
  const ms = steps.ms();
  log("request", {
    function: slug,
    method: match?.endpoint.route.method ?? request.method.slice(0, 20),
    route: match?.endpoint.route.path ?? null,
    status: problem?.status ?? 200,
    problem: problem?.type ?? null,
    tokenId: visit.tokenId,
    ms: Math.round(elapsedMs() - from),
    steps: ms,
  });
  // Whoever is not let in learns nothing of what goes on inside, not even how long it took.
  const isInside = visit.tokenId !== null || match?.endpoint.route.scope === null;
  if (isInside && Object.keys(ms).length > 0) visit.headers["server-timing"] = serverTiming(ms);
  return responseOf(visit, answer, problem);
}

function responseOf({ requestId, headers }: Visit, answer: Answer | null, problem: Problem | null): Response {
  const body =
    problem === null
      ? (answer?.json ?? JSON.stringify(answer?.body))
      : JSON.stringify(problemBody(problem, requestId));
  return new Response(body, {
    status: problem?.status ?? 200,
    headers: {
      "content-type": problem === null ? "application/json" : "application/problem+json",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "x-request-id": requestId,
      ...headers,
      ...answer?.headers,
      ...problem?.headers,
    },
  });
}

function unexpected(error: unknown): Problem {
  if (error instanceof Error && error.name === "ConfigError" && "faults" in error) {
    return new Problem("configuration", "The function's secrets are not complete; set these variables", {
      more: { faults: error.faults },
    });
  }
  if (isHeldBackError(error)) {
    const seconds = Math.max(1, Math.ceil((error.retryAfterMs ?? UNTIL_A_PERSON_MS) / SECOND_MS));
    return new Problem(
      "unavailable",
      `Something that is needed for this failed lately and is left alone for now; come again in ${seconds} s`,
      { headers: { "retry-after": String(seconds) } },
    );
  }
  return new Problem(
    "internal",
    "Something failed on our side; the function's log holds it under this request id",
  );
}
