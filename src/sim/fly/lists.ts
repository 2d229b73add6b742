/**
 * The reading calls: apps, machines of an app or of the organisation, one machine, its events, the caller's token.
 *
 * Lists lag behind writes: a machine that was created a moment ago may be missing though its id already answers, so an
 * empty list proves nothing. A destroyed machine is gone from lists at once, and from its own address only
 * after a while.
 */
import { iso, showEvents, showMachine, showOverview } from "./answer-shapes.ts";
import type { Call, Reply } from "./call.ts";
import type { Json } from "./options.ts";
import { listRegions } from "./regions.ts";
import { badRequest, notFound, ok } from "./reply.ts";
import type { App, Machine, World } from "./world.ts";

export function listApps(world: World, call: Call): Reply {
  const slug = call.query.get("org_slug");
  if (slug === null) return badRequest("org_slug is required");
  if (slug !== world.settings.organisation) return notFound(`organization ${slug}`);
  const apps = visibleApps(world, call).map((app) => showApp(world, app));
  return ok({ total_apps: apps.length, apps });
}

export function getApp(world: World, call: Call): Reply {
  return ok(showApp(world, call.app!));
}

export function listMachines(world: World, call: Call): Reply {
  const isSummary = flag(call.query, "summary");
  const found = candidates(world, call.app!, call.query).filter((machine) => fits(machine, call.query));
  return ok(found.map((machine) => showMachine(world, machine, isSummary)));
}

export function getMachine(world: World, call: Call): Reply {
  return ok(showMachine(world, call.machine!));
}

export function listEvents(_world: World, call: Call): Reply {
  const limit = Number(call.query.get("limit") ?? 20);
  if (!Number.isInteger(limit) || limit < 1) return badRequest("limit must be a whole number from 1");
  return ok(showEvents(call.machine!, limit));
}

/** Ordered by last change, oldest first; the cursor names the last machine that was shown. */
export function listOrgMachines(world: World, call: Call): Reply {
  if (call.params.org !== world.settings.organisation) return notFound(`organization ${call.params.org}`);
  const limit = Math.min(1000, Number(call.query.get("limit") ?? 1000));
  if (!(limit >= 1)) return badRequest("limit must be a number from 1 to 1000");
  const cursor = call.query.get("cursor");
  const after = Date.parse(call.query.get("updated_after") ?? "");
  const rows = visibleApps(world, call)
    .flatMap((app) => candidates(world, app, call.query))
    .filter((machine) => fits(machine, call.query))
    .filter((machine) => (cursor !== null ? place(machine) > cursor : !(machine.updatedAt <= after)))
    .sort((a, b) => (place(a) < place(b) ? -1 : 1));
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const isSummary = flag(call.query, "summary");
  const body: Json = { machines: page.map((machine) => showOverview(machine, isSummary)), error_regions: [] };
  if (last !== undefined)
    Object.assign(body, { last_machine_id: last.id, last_updated_at: iso(last.updatedAt) });
  return ok(rows.length > page.length && last !== undefined ? { ...body, next_cursor: place(last) } : body);
}

export function regions(world: World): Reply {
  return ok({ regions: listRegions(world), nearest: "iad" });
}

export function currentToken(world: World, call: Call): Reply {
  const apps = visibleApps(world, call).map((app) => app.name);
  const { organisation } = world.settings;
  return ok({
    tokens: [
      {
        token_id: "tok_simulated",
        org_slug: organisation,
        organization: organisation,
        apps,
        user: call.user,
      },
    ],
  });
}

function visibleApps(world: World, call: Call): App[] {
  return [...world.apps.values()].filter((app) => call.tokenApps?.includes(app.name) ?? true);
}

function candidates(world: World, app: App, query: URLSearchParams): Machine[] {
  const listed = [...app.machines.values()].filter((machine) => machine.listedAt <= world.now);
  if (flag(query, "include_deleted")) return [...listed, ...app.gone];
  return listed.filter((machine) => machine.state !== "destroyed");
}

function fits(machine: Machine, query: URLSearchParams): boolean {
  const region = query.get("region");
  if (region !== null && region !== machine.region) return false;
  const states = query.getAll("state").flatMap((text) => text.split(","));
  if (states.length > 0 && !states.includes(machine.state)) return false;
  for (const [name, value] of query) {
    if (!name.startsWith("metadata.")) continue;
    if (machine.config.metadata?.[name.slice("metadata.".length)] !== value) return false;
  }
  return true;
}

function place(machine: Machine): string {
  return `${iso(machine.updatedAt)}/${machine.id}`;
}

function flag(query: URLSearchParams, name: string): boolean {
  return query.get(name) === "true" || query.get(name) === "1";
}

function showApp(world: World, app: App): Json {
  const slug = world.settings.organisation;
  return {
    id: app.id,
    name: app.name,
    machine_count: app.machines.size,
    volume_count: app.volumes.size,
    network: "default",
    status: app.machines.size > 0 ? "deployed" : "pending",
    organization: { name: slug, slug },
  };
}
