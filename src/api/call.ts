/**
 * The one composition around every endpoint, outermost first: the announced size, the address's limit, the token and its
 * scope, the token's limit, the media type, the body, its shape, the Idempotency-Key, the handler. Each step is
 * timed; each refuses by throwing a Problem; what is cheap comes before what costs something.
 */

import { isHeldBackError, messageOf } from "../errors.ts";
import type { Clock, IdempotencyKeys, Log, RequestLimit, Tokens } from "../ports.ts";
import { type AddressRule, limitAddress } from "./address.ts";
import { authenticate, sha256Hex } from "./authenticate.ts";
import { parseAs, parseJson, queryOf, readText, refuseAnnounced, refuseType } from "./body.ts";
import { keyOf, once } from "./idempotency.ts";
import { limited } from "./limit.ts";
import { Problem } from "./problem.ts";
import { type Answer, type Call, type Endpoint, NOBODY, type Route } from "./route.ts";
import type { Steps } from "./steps.ts";

/** What the composition asks of the world. */
export type Doors = {
  readonly clock: Clock;
  readonly tokens: Tokens;
  readonly requestLimit: RequestLimit;
  readonly address: AddressRule;
  readonly idempotencyKeys: IdempotencyKeys;
  /** Before each request: a simulation reads its clock, production does nothing. */
  readonly sync: () => Promise<void>;
};

/** One request, from its arrival to its answer; what was found out so far is for the log, also where it is refused. */
export type Visit = {
  readonly request: Request;
  readonly requestId: string;
  readonly steps: Steps;
  readonly log: Log;
  /** Headers of whatever will be answered. */
  readonly headers: Record<string, string>;
  tokenId: string | null;
};

/** @throws Problem for everything that is refused. */
export async function answerCall(
  { route, handle }: Endpoint,
  params: Readonly<Record<string, string>>,
  visit: Visit,
  doors: Doors,
): Promise<Answer> {
  const { request, steps } = visit;
  if (route.body) refuseAnnounced(request, route.body.limitBytes);
  await steps.time("sync", doors.sync);
  const now = doors.clock.now();
  await limitAddress(request, doors.address, now);
  const caller = await admit(route, visit, doors, now);
  const key = route.keyed ? keyOf(request) : null;
  const text = await steps.time("read", () => readBody(request, route));
  const call: Call = { caller, now, text, ...parse(route, request, params, text) } as Call;
  const work = () => steps.time("handle", () => handle(call));
  if (key === null) return work();
  const endpoint = `${route.method} ${new URL(request.url).pathname}`.slice(0, 200);
  // With the token's apps: where these were narrowed, what was answered before is not for it any more.
  const apps = caller.apps?.join(",") ?? "*";
  const fingerprint = await sha256Hex(`${endpoint} ${new URL(request.url).search} ${apps} ${text}`);
  const keyed = { tokenId: caller.tokenId, endpoint, key, fingerprint, holder: visit.requestId };
  return once(reachable(doors.idempotencyKeys, visit), keyed, work, (error) =>
    visit.log("idempotency key", { error: messageOf(error) }),
  );
}

/** The token and its own limit; a scope has a limit of its own, so that samples in a flood do not keep a tick out. */
async function admit(route: Route, visit: Visit, doors: Doors, now: number): Promise<Call["caller"]> {
  const { scope } = route;
  if (scope === null) return NOBODY;
  const caller = await visit.steps.time("authenticate", () =>
    authenticate(visit.request, scope, reachable(doors.tokens, visit), now),
  );
  visit.tokenId = caller.tokenId;
  const left = await visit.steps.time("limit", () =>
    limited(doors.requestLimit, `${caller.tokenId}:${scope}`, now, "with this token"),
  );
  Object.assign(visit.headers, left);
  return caller;
}

async function readBody(request: Request, { body }: Route): Promise<string> {
  if (body === undefined || request.body === null) return "";
  if (request.headers.get("content-length") !== "0") refuseType(request, body);
  return readText(request, body.limitBytes);
}

/** No body at all is an empty object: a tick needs none. */
function parse(route: Route, request: Request, params: Readonly<Record<string, string>>, text: string) {
  const { query, body } = route;
  const given = queryOf(new URL(request.url));
  const json = body?.json;
  return {
    params: route.params && parseAs(route.params, params, "The path"),
    query: query && parseAs(query, given, "The query"),
    json: json && parseAs(json, text.trim() === "" ? {} : parseJson(text), "The body"),
  };
}

/** The port, whose failures become a 503: they are ours, they pass, and the log says what they were. A call that was held back says itself for how long (serve.ts). */
function reachable<T extends object>(port: T, { log }: Visit): T {
  const calls = Object.entries(port).map(([name, call]) => [
    name,
    async (...args: unknown[]) => {
      try {
        return await call(...args);
      } catch (error) {
        if (isHeldBackError(error)) throw error;
        log("books unreachable", { call: name, error: messageOf(error) });
        throw new Problem("unavailable", "The books cannot be reached now; come again in a moment", {
          headers: { "retry-after": "10" },
        });
      }
    },
  ]);
  return Object.fromEntries(calls);
}
