/**
 * One call to the Machines API: sent, read, and either its value in the expected shape or a MachineApiError that says
 * what was tried, on what, why it failed and what to do next.
 *
 * The trap: a 200 is no proof. A proxy may answer it with a page of its own, or the body may be cut; then a read has
 * simply failed, while a write may have been done.
 */
import type { z } from "zod";
import type { Instant } from "../../core/time.ts";
import { SECOND_MS } from "../../core/time.ts";
import { MachineApiError, type MachineApiErrorKind } from "../../errors.ts";
import { readRetryAfterMs } from "../http/retry-after.ts";
import { callHttp, type Fetch, type HttpAnswer } from "../http.ts";
import { kindOfRefusal, kindOfSilence, type Phase } from "./refusal-kind.ts";
import { parseJson, readRefusal } from "./shapes.ts";
import type { FlyTokens } from "./tokens.ts";

/** A thousand machines with their configuration are about 8 MB. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;
const TEXT_SHOWN = 400;

export type FlyCall = {
  readonly app: string;
  /** In words, for messages: "start machine 17 of app shop". */
  readonly task: string;
  readonly phase: Phase;
  readonly method: "GET" | "POST";
  /** Below /v1/apps/{app}. */
  readonly path: readonly string[];
  readonly body?: unknown;
};

export type FlyCaller = <T>(call: FlyCall, shape: z.ZodType<T>) => Promise<T>;

export function createFlyCaller(options: {
  readonly baseUrl: string;
  readonly tokens: FlyTokens;
  readonly fetch: Fetch;
  readonly timeoutMs: number;
  readonly now: (() => Instant) | null;
}): FlyCaller {
  const { tokens, fetch, timeoutMs, now } = options;
  const root = `${options.baseUrl.replace(/\/+$/, "").replace(/\/v1$/, "")}/v1`;

  return async (call, shape) => {
    const authorization = tokens.authorization(call.app);
    if (authorization === null) throw failed("auth", call, `no token is set for app ${call.app}`);
    const segments = ["apps", call.app, "machines", ...call.path];
    if (!segments.every(isSegment)) throw failed("invalid", call, "its address would be malformed");
    const result = await callHttp(fetch, {
      method: call.method,
      url: [root, ...segments.map(encodeURIComponent)].join("/"),
      headers: headersOf(authorization, call.body !== undefined),
      timeoutMs,
      maxBytes: MAX_BODY_BYTES,
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    });
    if (result.kind === "neverSent") throw failed("transient", call, `Fly was not reached: ${result.why}`);
    if (result.kind === "noAnswer") {
      throw failed(kindOfSilence(call.phase), call, `Fly did not answer: ${result.why}`);
    }
    if (result.status < 200 || result.status > 299) throw refused(call, result, tokens, now);
    const parsed = shape.safeParse(parseJson(result.text));
    if (parsed.success) return parsed.data;
    const why = result.cutShort ?? unexpected(parsed.error);
    const requestId = requestIdOf(result);
    throw failed(kindOfSilence(call.phase), call, `Fly answered ${result.status}, but ${why}`, { requestId });
  };
}

function headersOf(authorization: string, hasBody: boolean): Record<string, string> {
  const headers = { authorization, accept: "application/json", "user-agent": "flyahead" };
  return hasBody ? { ...headers, "content-type": "application/json" } : headers;
}

/** A name with a dot path in it would address something else. */
function isSegment(text: string): boolean {
  return text !== "" && text !== "." && text !== "..";
}

function refused(call: FlyCall, answer: HttpAnswer, tokens: FlyTokens, now: (() => Instant) | null): Error {
  const refusal = readRefusal(answer.text);
  const kind = kindOfRefusal(answer.status, refusal, call.phase);
  const words = tokens.redact(refusal.text).replace(/\s+/g, " ").trim().slice(0, TEXT_SHOWN);
  const code = /^[a-z_]+$/.test(refusal.code) && refusal.code !== "error" ? ` ${refusal.code}` : "";
  return failed(kind, call, `Fly answered ${answer.status}${code}${words === "" ? "" : `: "${words}"`}`, {
    retryAfterMs: readRetryAfterMs(answer.headers, now),
    requestId: requestIdOf(answer),
  });
}

/** Where the shape was wrong, not what stood there. */
function unexpected(error: z.ZodError): string {
  const issue = error.issues[0];
  const place = issue === undefined || issue.path.length === 0 ? "the body" : issue.path.join(".");
  return `${place} is not what was expected`;
}

function requestIdOf({ headers }: HttpAnswer): string | null {
  return headers.get("fly-request-id");
}

const NEXT: Record<MachineApiErrorKind, string> = {
  notFound: "it is gone, or the token does not see it: read the app's machines again",
  nameTaken: "an earlier create worked: look the machine up by its name",
  leaseHeld: "somebody, a deploy most likely, holds the machine: leave it for this tick",
  versionMoved: "somebody changed it in the meantime: read it again",
  wrongState: "read the machine again and decide anew",
  capacity: "Fly has no room there: use stopped machines, another region or another size",
  quota: "ask Fly to raise the organisation's limit",
  rateLimited: "wait, then try again",
  auth: "give FLY_API_TOKEN a valid deploy token for the app, as app=token",
  ambiguous: "it may have been done: look before trying again",
  transient: "nothing was changed: try again",
  heldBack: "nothing was sent: ask again later",
  invalid: "the request does not fit Fly's API or this app: do not repeat it as it is",
};

/** The error for a call that failed. */
export function failed(
  kind: MachineApiErrorKind,
  call: Pick<FlyCall, "task">,
  why: string,
  details: { retryAfterMs?: number | null; requestId?: string | null } = {},
): MachineApiError {
  const { retryAfterMs, requestId } = details;
  const next = retryAfterMs ? `wait ${Math.ceil(retryAfterMs / SECOND_MS)} s; ${NEXT[kind]}` : NEXT[kind];
  const id = requestId ? ` (fly-request-id ${requestId})` : "";
  return new MachineApiError(kind, `Cannot ${call.task}: ${why}. Next: ${next}${id}`, details);
}
