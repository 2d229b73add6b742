/**
 * Calls about Fly itself and about an organisation: its regions, where machines would find room, all machines of an
 * organisation page by page.
 *
 * Traps: regions come under `Regions` or `regions`. The organisation's list is eventually consistent, and names in
 * `error_regions` those that did not answer: what is missing there is not gone. What Fly says of room is a simulation and
 * no reservation.
 */
import { z } from "zod";
import type { FlyCaller } from "./call.ts";

export type PlatformCalls = ReturnType<typeof createPlatformCalls>;

const text = z.string().nullish().catch(null);
const flag = z.boolean().nullish().catch(null);

const regionRow = z.object({
  code: z.string().min(1),
  name: z.string().catch(""),
  latitude: z.number().nullish().catch(null),
  longitude: z.number().nullish().catch(null),
  deprecated: flag,
  gateway_available: flag,
  requires_paid_plan: flag,
});
export type FlyRegion = z.infer<typeof regionRow>;

const regionsShape = z
  .union([z.object({ regions: z.array(regionRow) }), z.object({ Regions: z.array(regionRow) })])
  .transform((body) => ("regions" in body ? body.regions : body.Regions));

const placementsShape = z.object({
  regions: z
    .array(z.object({ region: z.string(), count: z.number().int().nullish().catch(null) }))
    .nullish()
    .transform((rows) => rows ?? []),
});

const orgMachine = z.object({
  app_name: z.string(),
  id: z.string().min(1),
  name: z.string().catch(""),
  region: z.string(),
  state: z.string(),
  updated_at: text,
  config: z
    .object({ metadata: z.record(z.string(), z.unknown()).nullish().catch(null) })
    .nullish()
    .catch(null),
});
export type OrgMachine = z.infer<typeof orgMachine>;

const orgPage = z.object({
  machines: z.array(orgMachine).nullish(),
  next_cursor: text,
  error_regions: z.array(z.string()).nullish().catch(null),
});
export type OrgPage = {
  readonly machines: readonly OrgMachine[];
  /** null: this was the last page. */
  readonly nextCursor: string | null;
  /** Regions that did not answer. */
  readonly errorRegions: readonly string[];
};

export function createPlatformCalls(call: FlyCaller) {
  return {
    async regions(): Promise<FlyRegion[]> {
      const path = ["platform", "regions"];
      const task = "list Fly's regions";
      return call({ app: null, task, phase: "read", method: "GET", path, isPublic: true }, regionsShape);
    },

    /** How many of `count` machines of this guest would find room, by region; `region` is a code, a list, or "any". */
    async placements(request: {
      organisation: string;
      region: string;
      count: number;
      guest: unknown;
    }): Promise<ReadonlyMap<string, number>> {
      const { organisation, region, count, guest } = request;
      const task = `ask where ${count} machines would find room in ${region}`;
      const body = { org_slug: organisation, region, count, compute: guest };
      const path = ["platform", "placements"];
      // It changes nothing, though it is a POST.
      const answer = await call(
        { app: null, task, phase: "read", method: "POST", path, body },
        placementsShape,
      );
      return new Map(answer.regions.map((row) => [row.region, row.count ?? 0]));
    },

    /** One page; go on with its cursor until there is none. */
    async organisationMachines(
      organisation: string,
      page: { cursor?: string; limit?: number; updatedAfter?: string; region?: string } = {},
    ): Promise<OrgPage> {
      const { cursor, limit, updatedAfter, region } = page;
      const task = `list the machines of organisation ${organisation}`;
      const query = {
        cursor,
        limit: limit === undefined ? undefined : `${limit}`,
        updated_after: updatedAfter,
        region,
      };
      const path = ["orgs", organisation, "machines"];
      const answer = await call({ app: null, task, phase: "read", method: "GET", path, query }, orgPage);
      return {
        machines: answer.machines ?? [],
        nextCursor: answer.next_cursor || null,
        errorRegions: answer.error_regions ?? [],
      };
    },
  };
}
