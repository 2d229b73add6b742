/**
 * Where the simulated users live: Fly's region codes with the clock of the place and how much traffic it draws.
 *
 * A weight is a region's own size, not a share of the whole: asking for one region more does not shrink the others.
 */
import { HOUR_MS, type Instant } from "../../core/time.ts";
import { zoneOffset } from "./local-clock.ts";

export type RegionSpec = {
  /** Fly's region code. */
  readonly region: string;
  /** IANA name. */
  readonly timeZone: string;
  /** Size against a region of weight 1, above 0. */
  readonly weight: number;
};

const KNOWN: Readonly<Record<string, readonly [timeZone: string, weight: number]>> = {
  ams: ["Europe/Amsterdam", 0.6],
  arn: ["Europe/Stockholm", 0.4],
  bom: ["Asia/Kolkata", 0.7],
  cdg: ["Europe/Paris", 0.7],
  dfw: ["America/Chicago", 0.6],
  ewr: ["America/New_York", 0.8],
  fra: ["Europe/Berlin", 0.8],
  gru: ["America/Sao_Paulo", 0.6],
  iad: ["America/New_York", 1],
  jnb: ["Africa/Johannesburg", 0.3],
  lax: ["America/Los_Angeles", 0.8],
  lhr: ["Europe/London", 0.8],
  nrt: ["Asia/Tokyo", 0.6],
  ord: ["America/Chicago", 0.7],
  sin: ["Asia/Singapore", 0.5],
  sjc: ["America/Los_Angeles", 0.8],
  syd: ["Australia/Sydney", 0.5],
  yyz: ["America/Toronto", 0.5],
};

/** Three regions, one on each side of the day. */
export const DEFAULT_REGIONS: readonly RegionSpec[] = regionSpecs(["iad", "fra", "syd"]);

/** Specs for Fly region codes. Throws RangeError naming a code that is not known or that is given twice. */
export function regionSpecs(codes: readonly string[]): RegionSpec[] {
  return codes.map((region, index) => {
    const known = Object.hasOwn(KNOWN, region) ? KNOWN[region] : undefined;
    if (!known) {
      const names = Object.keys(KNOWN).join(", ");
      throw new RangeError(`Cannot simulate traffic in region "${region}": not one of ${names}.`);
    }
    if (codes.indexOf(region) !== index) {
      throw new RangeError(`Region "${region}" is asked for twice; name each region once.`);
    }
    return { region, timeZone: known[0], weight: known[1] };
  });
}

/** Hours by which a region's clock is ahead of another's at an instant; negative when it is behind. */
export function hoursAhead(of: RegionSpec, than: RegionSpec, instant: Instant): number {
  return (zoneOffset(of.timeZone)(instant) - zoneOffset(than.timeZone)(instant)) / HOUR_MS;
}
