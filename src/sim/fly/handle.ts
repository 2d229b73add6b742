/**
 * One API call, from its text to its answer. The order is what a caller can observe:
 *
 *   time passes → address known? → token → app, machine → faults before → rate limit → machine lease →
 *   the act → faults after
 *
 * A fault after the act replaces the answer and nothing else, so the machine is created and the caller reads 408. A call that
 * is refused early acts on nothing. Never throws on what a caller sends.
 */

import type { Call, FlyAnswer, FlyRequest, Reply } from "./call.ts";
import { advanceTo } from "./clock.ts";
import { AFTER, BEFORE, type FaultRule, strike } from "./faults.ts";
import { ulid } from "./ids.ts";
import { leaseProblem } from "./leases.ts";
import { takeToken } from "./limits.ts";
import type { Json } from "./options.ts";
import { badRequest, notFound, refuse } from "./reply.ts";
import { findRoute, type Route } from "./routes.ts";
import { type Identity, identify } from "./tokens.ts";
import type { World } from "./world.ts";

type Delivery = FlyAnswer["delivery"];
type Outcome = Reply & { delivery?: Delivery };

/** Answers one call; the clock has moved on when it returns. */
export function handle(world: World, request: FlyRequest): FlyAnswer {
  advanceTo(world, world.now + world.settings.callMs);
  const requestId = `${ulid(world)}-sim`;
  const { action, outcome } = route(world, request, requestId);
  const { status, body, headers = {}, delivery = "sent" } = outcome;
  const key = `${action} ${delivery === "sent" ? status : delivery}`;
  world.tally.set(key, (world.tally.get(key) ?? 0) + 1);
  const type = typeof body === "string" ? "text/html; charset=utf-8" : "application/json; charset=utf-8";
  const own = { "fly-request-id": requestId, "x-simulated-now": `${world.now}` };
  return {
    status,
    body,
    delivery,
    headers: { ...(body === null ? {} : { "content-type": type }), ...headers, ...own },
  };
}

function route(world: World, request: FlyRequest, requestId: string): { action: string; outcome: Outcome } {
  const [path = "", search = ""] = request.path.split("?");
  const found = tryFindRoute(request.method.toUpperCase(), path);
  if (found === "malformed")
    return { action: "unknown", outcome: badRequest(`path ${path} has a malformed escape`) };
  if (found === null)
    return { action: "unknown", outcome: refuse(404, `404 page not found: ${request.method} ${path}`) };
  const { route: known, params } = found;
  const headers = lowerCased(request.headers ?? {});
  const identity = identify(world, headers.authorization);
  if (identity === null && !known.isPublic) {
    return { action: known.action, outcome: refuse(401, "Authenticate: token validation error") };
  }
  const call = readCall(world, request, {
    params,
    search,
    headers,
    requestId,
    identity,
    action: known.action,
  });
  return { action: known.action, outcome: "status" in call ? call : act(world, known, call) };
}

function act(world: World, known: Route, call: Call): Outcome {
  const site = { action: known.action, app: call.app?.name ?? null, region: regionOf(call) };
  const before = strike(world.faults, BEFORE, site, world.now);
  if (before !== null) return outcomeOf(world, before);
  const key = `${known.action}/${call.machine?.id ?? call.app?.name ?? "organisation"}`;
  if (world.settings.limits && known.rate !== null && !takeToken(world.buckets, key, known.rate, world.now)) {
    return refuse(429, "rate limit exceeded");
  }
  const held = known.guarded && call.machine !== null ? leaseProblem(world, call.machine, call.nonce) : null;
  const reply = held ?? known.answer(world, call);
  const after = strike(world.faults, AFTER, site, world.now);
  return after === null ? reply : outcomeOf(world, after);
}

function outcomeOf(world: World, rule: FaultRule): Outcome {
  const headers = rule.retryAfterSeconds === undefined ? {} : { "retry-after": `${rule.retryAfterSeconds}` };
  switch (rule.kind) {
    case "rateLimited":
      return { ...refuse(429, "rate limit exceeded"), headers };
    case "serverError":
      return { ...refuse(rule.statusCode ?? 500, "internal: something went wrong on our side"), headers };
    case "garbage":
      return { status: 200, body: "<!doctype html><title>One moment</title><p>This is not JSON." };
    case "hang":
      advanceTo(world, world.now + (rule.hangMs ?? 10_000));
      return { status: 0, body: null, delivery: "hang" };
    case "cutBefore":
    case "cutAfter":
      return { status: 0, body: null, delivery: "cut" };
    default:
      return refuse(408, "deadline_exceeded: the host did not answer in time");
  }
}

type Parts = {
  params: Record<string, string>;
  search: string;
  headers: Record<string, string | undefined>;
  requestId: string;
  identity: Identity | null;
  action: string;
};

function readCall(world: World, request: FlyRequest, parts: Parts): Call | Reply {
  const { params, identity } = parts;
  const { body = {} } = request;
  if (typeof body !== "object" || body === null || Array.isArray(body))
    return badRequest("the body must be a JSON object, or empty");
  const app = params.app === undefined ? null : (world.apps.get(params.app) ?? null);
  if (params.app !== undefined && app === null) return notFound(`app ${params.app}`);
  if (app !== null && identity?.apps?.includes(app.name) === false) {
    return refuse(403, `unauthorized: this token may not use app ${app.name}`);
  }
  const machine = params.machine === undefined ? null : (app?.machines.get(params.machine) ?? null);
  if (params.machine !== undefined && machine === null) return notFound(`machine ${params.machine}`);
  return {
    action: parts.action,
    app,
    machine,
    params,
    query: readQuery(parts.search, request.query ?? {}),
    nonce: parts.headers["fly-machine-lease-nonce"] ?? null,
    body: body as Json,
    requestId: parts.requestId,
    user: identity?.user ?? "nobody",
    tokenApps: identity?.apps ?? null,
  };
}

function readQuery(search: string, more: NonNullable<FlyRequest["query"]>): URLSearchParams {
  const query = new URLSearchParams(search);
  for (const [name, value] of Object.entries(more)) {
    for (const one of typeof value === "string" ? [value] : value) query.append(name, one);
  }
  return query;
}

function regionOf(call: Call): string | null {
  const sent =
    call.action === "create" || call.action === "volumeCreate" ? call.body.region : call.query.get("region");
  return call.machine?.region ?? (typeof sent === "string" ? sent : null);
}

function tryFindRoute(method: string, path: string) {
  try {
    return findRoute(method, path);
  } catch {
    return "malformed" as const;
  }
}

function lowerCased(headers: NonNullable<FlyRequest["headers"]>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
