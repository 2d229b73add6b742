/**
 * One call to the Machines API: sent, read, and either its value in the expected shape or a MachineApiError that says
 * what was tried, on what, why it failed and what to do next.
 *
 * The trap: a 200 is no proof. A proxy may answer it with a page of its own, or the body may be cut; then a read has
 * simply failed, while a write may have been done.
 */
import type { z } from "zod";
import type { Instant } from "../../core/time.ts";
import type { MachineApiError } from "../../errors.ts";
import { readRetryAfterMs } from "../http/retry-after.ts";
import { callHttp, type Fetch, type HttpAnswer } from "../http.ts";
import { failed } from "./fly-error.ts";
import { holderOfName, kindOfRefusal, kindOfSilence, type Phase, scopeOfRefusal } from "./refusal-kind.ts";
import { parseJson, readRefusal } from "./shapes.ts";
import type { FlyTokens } from "./tokens.ts";

/** A thousand machines with their configuration are about 8 MB. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;
const TEXT_SHOWN = 400;

export type FlyCall = {
  /** Whose token is sent; null: the organisation's. */
  readonly app: string | null;
  /** In words, for messages: "start machine 17 of app shop". */
  readonly task: string;
  readonly phase: Phase;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below /v1. */
  readonly path: readonly string[];
  /** What is undefined is not sent. */
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** Of the machine's lease. */
  readonly nonce?: string | undefined;
  readonly body?: unknown;
  /** A status beyond 2xx that is an answer to this call, in the same shape. */
  readonly alsoAnswers?: number;
  /** Answered without a token too. */
  readonly isPublic?: boolean;
  /** For a call that waits at Fly; else the client's own. */
  readonly timeoutMs?: number;
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
    if (authorization === null && !call.isPublic) throw failed("auth", call, noTokenFor(call.app));
    if (!call.path.every(isSegment)) throw failed("invalid", call, "its address would be malformed");
    const result = await callHttp(fetch, {
      method: call.method,
      url: `${root}/${call.path.map(encodeURIComponent).join("/")}${queryOf(call)}`,
      headers: headersOf(call, authorization),
      timeoutMs: call.timeoutMs ?? timeoutMs,
      maxBytes: MAX_BODY_BYTES,
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    });
    if (result.kind === "neverSent") throw failed("transient", call, `Fly was not reached: ${result.why}`);
    if (result.kind === "noAnswer") {
      throw failed(kindOfSilence(call.phase), call, `Fly did not answer: ${result.why}`);
    }
    const isAnswer = (result.status >= 200 && result.status <= 299) || result.status === call.alsoAnswers;
    if (!isAnswer) throw refused(call, result, tokens, now);
    const parsed = shape.safeParse(parseJson(result.text));
    if (parsed.success) return parsed.data;
    const why = result.cutShort ?? unexpected(parsed.error);
    const requestId = requestIdOf(result);
    throw failed(kindOfSilence(call.phase), call, `Fly answered ${result.status}, but ${why}`, { requestId });
  };
}

function noTokenFor(app: string | null): string {
  return app === null ? "no token is set that is not for one app alone" : `no token is set for app ${app}`;
}

function headersOf({ nonce, body }: FlyCall, authorization: string | null): Record<string, string> {
  return {
    accept: "application/json",
    "user-agent": "flyahead",
    ...(authorization === null ? {} : { authorization }),
    ...(nonce === undefined ? {} : { "fly-machine-lease-nonce": nonce }),
    ...(body === undefined ? {} : { "content-type": "application/json" }),
  };
}

function queryOf({ query = {} }: FlyCall): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, value);
  const text = search.toString();
  return text === "" ? "" : `?${text}`;
}

/** A name with a dot path in it would address something else. */
function isSegment(text: string): boolean {
  return text !== "" && text !== "." && text !== "..";
}

function refused(
  call: FlyCall,
  answer: HttpAnswer,
  tokens: FlyTokens,
  now: (() => Instant) | null,
): MachineApiError {
  const refusal = readRefusal(answer.text);
  const kind = kindOfRefusal(answer.status, refusal, call.phase);
  const words = tokens.redact(refusal.text).replace(/\s+/g, " ").trim().slice(0, TEXT_SHOWN);
  const code = /^[a-z_]+$/.test(refusal.code) && refusal.code !== "error" ? ` ${refusal.code}` : "";
  return failed(kind, call, `Fly answered ${answer.status}${code}${words === "" ? "" : `: "${words}"`}`, {
    retryAfterMs: readRetryAfterMs(answer.headers, now),
    requestId: requestIdOf(answer),
    scope: kind === "capacity" ? scopeOfRefusal(refusal) : null,
    holderId: kind === "nameTaken" ? holderOfName(refusal.text) : null,
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
