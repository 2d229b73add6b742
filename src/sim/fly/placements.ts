/**
 * POST /platform/placements: where so many machines would find room, without making any.
 *
 * It counts what the regions hold now, so its answer is old as soon as it is given: a create may still be refused.
 */
import type { Call, Reply } from "./call.ts";
import { expandRegions, regionRefusal } from "./regions.ts";
import { badRequest, notFound, ok } from "./reply.ts";
import type { World } from "./world.ts";

/** What Fly lets an organisation place in one region where no count is asked for. */
const ORG_LIMIT = 50;

export function findPlacements(world: World, call: Call): Reply {
  const { org_slug, region = "any", count = 0 } = call.body;
  if (typeof org_slug !== "string") return badRequest("org_slug is required");
  if (org_slug !== world.settings.organisation) return notFound(`organization ${org_slug}`);
  if (typeof region !== "string") return badRequest("region must be a text");
  if (!Number.isInteger(count) || (count as number) < 0)
    return badRequest("count must be a whole number from 0");
  let left = count === 0 ? Number.POSITIVE_INFINITY : (count as number);
  const rows = [];
  for (const code of expandRegions(region)) {
    if (regionRefusal(world, code) !== null) continue;
    const room = Math.min(left, count === 0 ? ORG_LIMIT : (count as number), roomIn(world, code));
    if (room <= 0) continue;
    rows.push({ region: code, count: room, concurrency: room });
    left -= room;
  }
  return ok({ regions: rows });
}

function roomIn(world: World, code: string): number {
  const most = world.settings.capacity[code] ?? Number.POSITIVE_INFINITY;
  return most - (world.reserved.get(code) ?? 0);
}
