/**
 * A forecaster behind HTTP: Prophet, Chronos, a script of one's own. One POST an app asks for all of its pools, under one
 * deadline; whatever goes wrong is a reason, and the tick goes on without.
 *
 * The trap is the reason: it is logged, and neither the address (it may hold a key) nor the token nor a word of the answer
 * may be in it.
 */
import type { Experts } from "../../ports.ts";
import { callHttp, type Fetch } from "../http.ts";
import { missing, readAnswers, requestBody, VERSION } from "./shapes.ts";

/** A pool's day at six quantiles is about 15 KB. */
const BYTES_PER_POOL = 128 * 1_024;
const FRAME_BYTES = 4 * 1_024;

export type HttpExpertsOptions = {
  readonly url: string;
  /** Sent as a bearer token; null: none. */
  readonly token: string | null;
  /** For the whole call, the reading of the answer included. */
  readonly deadlineMs: number;
  readonly fetch: Fetch;
};

export function createHttpExperts({ url, token, deadlineMs, fetch }: HttpExpertsOptions): Experts {
  const headers = {
    accept: "application/json",
    "content-type": "application/json",
    "user-agent": "flyahead",
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
  };
  return {
    async ask(request) {
      if (request.pools.length === 0) return [];
      const maxBytes = FRAME_BYTES + BYTES_PER_POOL * request.pools.length;
      const body = requestBody(request);
      const result = await callHttp(fetch, {
        method: "POST",
        url,
        headers,
        body,
        timeoutMs: deadlineMs,
        maxBytes,
      });
      const failed = (why: string) =>
        request.pools.map(() =>
          missing(`Asked the outside expert about app ${request.app}: ${why}. Next: see its own log`),
        );
      if (result.kind !== "answered") return failed(result.why);
      if (result.status !== 200) return failed(`it answered ${result.status} instead of 200`);
      if (result.cutShort !== null) return failed(result.cutShort);
      return readAnswers(request, parsed(result.text)).map((answer) =>
        answer.status === "answered"
          ? answer
          : missing(
              `Asked the outside expert about app ${request.app}: ${answer.why}. Next: compare its answer with version ${VERSION} of the form`,
            ),
      );
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
