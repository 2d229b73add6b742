/**
 * An endpoint is a Route, which says what it takes and answers, and a function that handles a call which is already
 * authenticated, limited and parsed. The Route alone is a value without a world behind it: the description
 * (openapi.ts) is made from the very schemas by which requests are read.
 */
import type { z } from "zod";
import type { Instant } from "../core/time.ts";
import type { Caller } from "../ports.ts";
import type { Scope } from "./authenticate.ts";
import type { ProblemType } from "./problem.ts";

export type Method = "GET" | "POST";

export type BodyRule = {
  readonly limitBytes: number;
  /** Media types that are read, each with the shape of what it carries. */
  readonly types: Readonly<Record<string, z.ZodType>>;
  /** Parsed as JSON of this shape before the handler; absent: the handler gets the text. */
  readonly json?: z.ZodType;
};

export type Route = {
  readonly method: Method;
  /** Below the function: "/" or "/pools/:id". */
  readonly path: string;
  /** null: open to everybody, and limited by address alone. */
  readonly scope: Scope | null;
  readonly summary: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: BodyRule;
  /** Whether an Idempotency-Key is taken. */
  readonly keyed?: boolean;
  readonly answer: z.ZodType;
  /** What the handler itself may refuse with; what the composition may is known from the rest. */
  readonly problems: readonly ProblemType[];
};

type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;
type JsonOf<R extends Route> = R extends { readonly body: { readonly json: infer S } }
  ? Parsed<S>
  : undefined;

export type Call<R extends Route = Route> = {
  /** Of an open endpoint: NOBODY. */
  readonly caller: Caller;
  readonly now: Instant;
  readonly params: Parsed<R["params"]>;
  readonly query: Parsed<R["query"]>;
  readonly json: JsonOf<R>;
  /** The body as it came; empty where the route takes none. */
  readonly text: string;
};
export type Answer = {
  readonly body: unknown;
  /** The body as JSON, where it is at hand already. */
  readonly json?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

export type Endpoint = {
  readonly route: Route;
  readonly handle: (call: Call) => Promise<Answer>;
};

export const NOBODY: Caller = { tokenId: "", scopes: [], apps: [] };

/** Ties a handler to its route: what the handler gets is typed by the route's schemas. */
export function endpoint<const R extends Route>(
  route: R,
  handle: (call: Call<R>) => Promise<Answer>,
): Endpoint {
  // The composition parses by the very schemas of the route, so the parsed values are of these types.
  return { route, handle: handle as unknown as Endpoint["handle"] };
}
