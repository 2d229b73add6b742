/**
 * The simulator's own addresses, under /_sim/: the clock, faults, the log, the ledger, a person's hand.
 *
 * They cost no virtual time and take no token: they are the test's hands, not part of Fly. What is sent is checked
 * field by field, because a misspelt fault that is silently ignored makes a green test of nothing.
 */
import { iso } from "./answer-shapes.ts";
import type { Reply } from "./call.ts";
import { DEPLOY_STEPS, type DeployStep } from "./deploy.ts";
import { type Fault, readFault } from "./faults.ts";
import type { Fly } from "./fly.ts";
import { processGroupOf } from "./ledger.ts";
import type { Json } from "./options.ts";
import { PERSON_ACTIONS, type PersonAction } from "./outside.ts";
import { notFound, ok } from "./reply.ts";
import type { Machine } from "./world.ts";

type Control = (
  fly: Fly,
  asked: { body: unknown; query: URLSearchParams; rest: string | undefined },
) => Reply;

const CONTROLS: Record<string, Control> = {
  "GET clock": (fly) => showClock(fly),
  "POST clock": (fly, { body }) => moveClock(fly, object(body)),
  "GET faults": (fly) => ok({ faults: fly.faults() }),
  "POST faults": (fly, { body }) => addFaults(fly, body),
  "DELETE faults": (fly, { rest }) => ok({ removed: fly.clearFaults(rest) }),
  "GET log": (fly, { query }) => ok({ log: fly.log().filter(since(query)) }),
  "GET ledger": (fly, { query }) => ok({ rows: fly.ledger().filter(since(query)) }),
  "GET tally": (fly) => ok({ tally: fly.tally() }),
  "GET machines": (fly) => ok({ machines: fly.machines().map(showMachineRow) }),
  "POST person": (fly, { body }) => letPersonAct(fly, object(body)),
  "POST deploy": (fly, { body }) => letDeploy(fly, object(body)),
  "POST remove": (fly, { body }) => remove(fly, object(body)),
};

/** Answers a call to /_sim/<path>; 400 says what is wrong with it, 404 lists what there is. */
export function control(
  fly: Fly,
  asked: { method: string; path: string; query: URLSearchParams; body: unknown },
): Reply {
  const [name = "", rest] = asked.path.split("/").filter(Boolean).slice(1);
  const found = CONTROLS[`${asked.method} ${name}`];
  if (found === undefined) {
    return notFound(
      `${asked.method} ${asked.path} (there are ${Object.keys(CONTROLS).join(", ")}, all under /_sim/)`,
    );
  }
  try {
    return found(fly, { body: asked.body, query: asked.query, rest });
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError)
      return { status: 400, body: { error: error.message } };
    throw error;
  }
}

function showClock(fly: Fly): Reply {
  return ok({ now: fly.now(), iso: iso(fly.now()) });
}

function moveClock(fly: Fly, body: Json): Reply {
  const { advanceMs, to } = body;
  if ((advanceMs === undefined) === (to === undefined))
    throw new TypeError('send either {"advanceMs": ms} or {"to": instant}');
  const target = to === undefined ? fly.now() + number(advanceMs, "advanceMs") : instant(to, "to");
  fly.advanceTo(target);
  return showClock(fly);
}

function addFaults(fly: Fly, body: unknown): Reply {
  const list: Fault[] = (Array.isArray(body) ? body : [body]).map(readFault);
  return ok({ ids: list.map((fault) => fly.addFault(fault)) }, 201);
}

function letPersonAct(fly: Fly, body: Json): Reply {
  const { action } = body;
  if (!PERSON_ACTIONS.includes(action as PersonAction)) {
    throw new TypeError(
      `action is ${JSON.stringify(action)}; it must be one of ${PERSON_ACTIONS.join(", ")}`,
    );
  }
  return fly.person(text(body.app, "app"), text(body.machineId, "machineId"), action as PersonAction);
}

function letDeploy(fly: Fly, body: Json): Reply {
  const { step } = body;
  if (!DEPLOY_STEPS.includes(step as DeployStep)) {
    throw new TypeError(`step is ${JSON.stringify(step)}; it must be one of ${DEPLOY_STEPS.join(", ")}`);
  }
  return fly.deploy(text(body.app, "app"), text(body.processGroup, "processGroup"), step as DeployStep);
}

function remove(fly: Fly, body: Json): Reply {
  if (body.region !== undefined) return ok({ machines: fly.removeRegion(text(body.region, "region")) });
  const app = text(body.app, "app");
  return fly.removeApp(app) ? ok({ app }) : notFound(`app ${app}`);
}

function showMachineRow(machine: Readonly<Machine>): Json {
  const { id, app, name, region, state, ready, cordoned, createdAt } = machine;
  return { id, app, name, region, processGroup: processGroupOf(machine), state, ready, cordoned, createdAt };
}

function since(query: URLSearchParams): (row: { at: number }) => boolean {
  const from = query.get("from");
  if (from === null) return () => true;
  const start = instant(from, "from");
  return (row) => row.at >= start;
}

function object(body: unknown): Json {
  if (typeof body === "object" && body !== null && !Array.isArray(body)) return body as Json;
  throw new TypeError("the body must be a JSON object");
}

function text(value: unknown, name: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw new TypeError(`${name} is ${JSON.stringify(value)}; it must be a text`);
}

function number(value: unknown, name: string): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new TypeError(`${name} is ${JSON.stringify(value)}; it must be a number`);
}

/** Milliseconds since the epoch, as number or digits, or an ISO 8601 text. */
function instant(value: unknown, name: string): number {
  const at = typeof value === "string" && !/^\d+$/.test(value) ? Date.parse(value) : Number(value);
  if (value !== null && typeof value !== "boolean" && Number.isFinite(at)) return at;
  throw new TypeError(
    `${name} is ${JSON.stringify(value)}; it must be ms since the epoch or an ISO 8601 text`,
  );
}
