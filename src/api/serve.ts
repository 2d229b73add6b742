/**
 * What every function shares around its handlers: the method, a request id, and that nothing which goes wrong leaves
 * without a proper answer or with anything internal in it.
 *
 * The handlers are made at the first request, not at import: a fault in the configuration then becomes an answer that
 * names the variables, instead of a function that does not boot.
 */
import { messageOf } from "../errors.ts";
import type { Log } from "../ports.ts";
import { Problem, problemAnswer } from "./problem.ts";

export type Handler = (request: Request) => Promise<Response>;
export type Handlers = { readonly [method in "GET" | "POST"]?: Handler };

type Tools = { readonly log: Log; readonly newToken: () => string };

export function serve(make: () => Handlers, { log, newToken }: Tools): Handler {
  let made: Handlers | null = null;
  return async (request) => {
    const requestId = newToken();
    try {
      made ??= make();
      const answer = await pick(made, request.method)(request);
      answer.headers.set("x-request-id", requestId);
      return answer;
    } catch (error) {
      if (error instanceof Problem) return problemAnswer(error, requestId);
      log("request failed", { requestId, error: messageOf(error) });
      return problemAnswer(unexpected(error), requestId);
    }
  };
}

export function jsonAnswer(body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { headers: { "content-type": "application/json", ...headers } });
}

function pick(handlers: Handlers, method: string): Handler {
  // A method is any word, also that of a part which every object has.
  const handler = Object.hasOwn(handlers, method) ? handlers[method as keyof Handlers] : undefined;
  if (handler) return handler;
  const allowed = Object.keys(handlers).join(", ");
  throw new Problem(405, "method-not-allowed", `This function takes ${allowed}; send one of these`, {
    headers: { allow: allowed },
  });
}

function unexpected(error: unknown): Problem {
  if (error instanceof Error && error.name === "ConfigError" && "faults" in error) {
    return new Problem(500, "configuration", "The function's secrets are not complete; set these variables", {
      more: { faults: error.faults },
    });
  }
  return new Problem(
    500,
    "internal",
    "Something failed on our side; the function's log holds it under this request id",
  );
}
