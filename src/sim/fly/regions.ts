/**
 * Fly's regions with their coordinates, and which name stands for several of them.
 *
 * Deprecated regions stay in the table because machines of old days may name them; new machines are refused there
 * with the nearest living region as advice. A region can also be lost during a simulation (`World.lostRegions`).
 */
import type { World } from "./world.ts";

export type RegionRow = {
  code: string;
  name: string;
  latitude: number;
  longitude: number;
  group: string;
  deprecated: boolean;
};

const LIVING = `
ams Amsterdam 52.37 4.9 eu, arn Stockholm 59.65 17.92 eu, bom Mumbai 19.1 72.87 apac, cdg Paris 48.86 2.35 eu,
dfw Dallas 32.78 -96.8 na, ewr Secaucus 40.79 -74.06 na, fra Frankfurt 50.12 8.68 eu, gru SaoPaulo -23.55 -46.65 sa,
iad Ashburn 39.02 -77.46 na, jnb Johannesburg -26.14 28.2 af, lax LosAngeles 33.94 -118.41 na, lhr London 51.52 -0.13 eu,
nrt Tokyo 35.62 139.74 apac, ord Chicago 41.89 -87.63 na, sin Singapore 1.3 103.8 apac, sjc SanJose 37.35 -121.9 na,
syd Sydney -33.87 151.21 apac, yyz Toronto 43.64 -79.38 na`;

const DEPRECATED = `
atl Atlanta 33.64 -84.43 na, bog Bogota 4.7 -74.15 sa, bos Boston 42.37 -71.02 na, den Denver 39.74 -104.98 na,
eze Ezeiza -34.82 -58.54 sa, gdl Guadalajara 20.52 -103.31 na, gig RioDeJaneiro -22.81 -43.25 sa,
hkg HongKong 22.25 114.2 apac, mad Madrid 40.44 -3.82 eu, mia Miami 25.79 -80.22 na, otp Bucharest 44.43 26.1 eu,
phx Phoenix 33.42 -112.01 na, qro Queretaro 20.62 -100.19 na, scl Santiago -33.37 -70.64 sa, sea Seattle 47.61 -122.33 na,
waw Warsaw 52.17 20.97 eu, yul Montreal 45.49 -73.76 na`;

export const REGIONS: readonly RegionRow[] = [...parse(LIVING, false), ...parse(DEPRECATED, true)];

const BY_CODE = new Map(REGIONS.map((row) => [row.code, row]));
const US = ["dfw", "ewr", "iad", "lax", "ord", "sjc"];

/** Regions meant by "lhr", "lhr,eu", "us" or "any", in order and once each; unknown words are kept as they are. */
export function expandRegions(text: string): string[] {
  const codes = text
    .split(",")
    .map((word) => word.trim().toLowerCase())
    .filter(Boolean)
    .flatMap(expandWord);
  return [...new Set(codes)];
}

/** Why nothing new may be placed in `code`; null when it may. */
export function regionRefusal(world: World, code: string): string | null {
  const row = BY_CODE.get(code);
  if (row === undefined) return `invalid_argument: region ${code} not found`;
  if (!row.deprecated && !world.lostRegions.has(code)) return null;
  const advice = nearest(world, row)?.code ?? "any";
  return (
    `Region ${code} is deprecated and cannot have new resources provisioned. ` +
    `Please consider using an alternate region such as ${advice}`
  );
}

/** The rows of GET /platform/regions. A lost region is missing. */
export function listRegions(world: World): Record<string, unknown>[] {
  return REGIONS.filter((row) => !world.lostRegions.has(row.code)).map((row) => ({
    code: row.code,
    name: row.name,
    latitude: row.latitude,
    longitude: row.longitude,
    deprecated: row.deprecated,
    gateway_available: !row.deprecated && row.code !== "gru" && row.code !== "jnb",
    geo_region: row.group,
    requires_paid_plan: false,
  }));
}

function expandWord(word: string): string[] {
  if (word === "us" || word === "usa") return US;
  const group = REGIONS.filter((row) => !row.deprecated && (word === "any" || row.group === word));
  return group.length > 0 ? group.map((row) => row.code) : [word];
}

/** Flat earth around `from`: degrees of longitude shrink with the latitude. */
function nearest(world: World, from: RegionRow): RegionRow | undefined {
  const shrink = Math.cos((from.latitude * Math.PI) / 180);
  const far = (row: RegionRow) =>
    Math.hypot(row.latitude - from.latitude, (row.longitude - from.longitude) * shrink);
  const open = REGIONS.filter((row) => !row.deprecated && !world.lostRegions.has(row.code) && row !== from);
  return open.sort((a, b) => far(a) - far(b))[0];
}

function parse(text: string, deprecated: boolean): RegionRow[] {
  return text
    .trim()
    .split(/,\s*/)
    .map((entry) => {
      const [code = "", city = "", latitude, longitude, group = ""] = entry.split(" ");
      const name = city.replace(/([a-z])([A-Z])/g, "$1 $2");
      return { code, name, latitude: Number(latitude), longitude: Number(longitude), group, deprecated };
    });
}
