/**
 * One HTTP call as a value: an answer, or the reason why there is none. Nothing is thrown, so that a caller decides
 * with the type in hand.
 *
 * The trap is what "no answer" means. Refused or unresolved: nothing was sent, and trying again is safe. Cut or
 * silent: the other side may have done it. In doubt a call counts as sent. Reasons are made of codes alone, never
 * of the runtime's own message: that one may quote a header, and with it a token.
 */
import { isHeldBackError } from "../errors.ts";

export type Fetch = typeof globalThis.fetch;

export type HttpRequest = {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For the whole call, the reading of the body included. */
  readonly timeoutMs: number;
  /** More of the body is not read. */
  readonly maxBytes: number;
};

export type HttpAnswer = {
  readonly kind: "answered";
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Why the body ends early (cut, too slow, too long), or null where it is whole. */
  readonly cutShort: string | null;
};

export type HttpResult =
  | HttpAnswer
  /** The request never left. */
  | { readonly kind: "neverSent"; readonly why: string }
  /** The request may have been received and done. */
  | { readonly kind: "noAnswer"; readonly why: string };

/**
 * Sends one request. Redirects are not followed: they arrive as answers with their 3xx status. Never throws.
 * @param fetch where the request goes out; tests and simulators hand in their own
 */
export async function callHttp(fetch: Fetch, request: HttpRequest): Promise<HttpResult> {
  const { method, url, headers = {}, body, timeoutMs, maxBytes } = request;
  if (!isWellFormed(url, headers)) return { kind: "neverSent", why: "the address or a header is malformed" };
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const init: RequestInit = { method, headers: { ...headers }, signal, redirect: "manual" };
    const response = await fetch(url, body === undefined ? init : { ...init, body });
    const { text, cutShort } = await readBody(response, maxBytes, timeoutMs);
    return { kind: "answered", status: response.status, headers: response.headers, text, cutShort };
  } catch (error) {
    if (isHeldBackError(error)) return { kind: "neverSent", why: error.message };
    return { kind: wasNeverSent(error) ? "neverSent" : "noAnswer", why: reasonOf(error, timeoutMs) };
  }
}

function isWellFormed(url: string, headers: Readonly<Record<string, string>>): boolean {
  try {
    new URL(url);
    new Headers({ ...headers });
    return true;
  } catch {
    return false;
  }
}

async function readBody(response: Response, maxBytes: number, timeoutMs: number) {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  const reader = response.body?.getReader();
  try {
    for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
      bytes += part.value.byteLength;
      if (bytes > maxBytes) {
        await reader?.cancel();
        return { text, cutShort: `the body is longer than ${maxBytes} bytes` };
      }
      text += decoder.decode(part.value, { stream: true });
    }
    return { text: text + decoder.decode(), cutShort: null };
  } catch (error) {
    return { text, cutShort: reasonOf(error, timeoutMs) };
  }
}

type Fault = { name?: string; message?: string; code?: unknown; syscall?: unknown };

/** Node names the system call, or has a code of its own for what failed before a byte was sent; Deno says it in words. */
const BEFORE_SENDING_CALL = new Set(["connect", "getaddrinfo"]);
const BEFORE_SENDING_CODE = /^(UND_ERR_CONNECT_TIMEOUT|ERR_TLS_.*|CERT_.*|.*_CERT(_.*)?|.*_SIGNATURE)$/;
const DENO_CONNECT = /client error \(Connect\)(?:: )?(.*)$/s;

function wasNeverSent(error: unknown): boolean {
  return leavesOf(error).every(
    ({ code, syscall, message = "" }) =>
      BEFORE_SENDING_CALL.has(String(syscall)) ||
      BEFORE_SENDING_CODE.test(String(code)) ||
      DENO_CONNECT.test(message),
  );
}

function reasonOf(error: unknown, timeoutMs: number): string {
  const leaves = leavesOf(error);
  if (leaves.some(({ name }) => name === "TimeoutError")) return `no answer within ${timeoutMs} ms`;
  const words = leaves.map(({ code, name, message = "" }) => {
    if (typeof code === "string") return code;
    return DENO_CONNECT.exec(message)?.[1] || (name ?? "unknown");
  });
  return `the connection failed (${[...new Set(words)].join(", ")})`;
}

/** The innermost errors: a fetch error wraps the socket's, which may wrap one for each address that was tried. */
function leavesOf(error: unknown, depth = 0): Fault[] {
  const { cause, errors } = (error ?? {}) as { cause?: unknown; errors?: unknown };
  if (depth < 4 && Array.isArray(errors) && errors.length > 0) {
    return errors.flatMap((inner) => leavesOf(inner, depth + 1));
  }
  if (depth < 4 && cause instanceof Error) return leavesOf(cause, depth + 1);
  return [(error ?? {}) as Fault];
}
