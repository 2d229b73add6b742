/**
 * One call of the API as it travels: sent by the caller, understood, replied to, answered.
 *
 * A reply is what a route says; the answer adds headers, and what became of it on its way (`delivery`). The trap for a
 * caller in the same process: an answer that was cut has status 0 and no body, though the act may be done.
 */
import type { Json } from "./options.ts";
import type { App, Machine } from "./world.ts";

export type FlyRequest = {
  method: string;
  /** With "/v1"; a query string in it is read too. */
  path: string;
  query?: Readonly<Record<string, string | readonly string[]>>;
  headers?: Readonly<Record<string, string | undefined>>;
  /** Parsed JSON. */
  body?: unknown;
};

export type FlyAnswer = {
  status: number;
  headers: Record<string, string>;
  /** JSON value, or text where content-type says so; null: no body. */
  body: unknown;
  /** "cut": the connection dies instead of this answer; "hang": nothing ever comes. */
  delivery: "sent" | "cut" | "hang";
};

/** One call after its address was understood. */
export type Call = {
  action: string;
  app: App | null;
  machine: Machine | null;
  params: Readonly<Record<string, string>>;
  query: URLSearchParams;
  nonce: string | null;
  body: Json;
  requestId: string;
  user: string;
  tokenApps: readonly string[] | null;
};

/** What a route says; `wrap` in handle.ts makes a FlyAnswer of it. */
export type Reply = { status: number; body: unknown; headers?: Record<string, string> };
