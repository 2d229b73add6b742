/**
 * Refusals in Fly's words. Most carry `error`, those about leases carry `message`: a client that reads only one
 * of the two shows "undefined" on the day of a deploy.
 *
 * `status` in the body outranks the text: insufficient_capacity means that the whole region will not help. On a full
 * host there is only text.
 */
import type { Reply } from "./call.ts";

export function ok(body: unknown, status = 200): Reply {
  return { status, body };
}

export function noContent(): Reply {
  return { status: 204, body: null };
}

export function refuse(status: number, error: string, code?: string): Reply {
  return { status, body: code === undefined ? { error } : { error, status: code } };
}

export const badRequest = (text: string) => refuse(400, `invalid_argument: ${text}`);
export const notFound = (what: string) => refuse(404, `not_found: ${what} not found`);

export const CAPACITY = {
  host: () =>
    refuse(
      409,
      "aborted: could not reserve resource for machine: insufficient CPUs available to fulfill request on the current host",
    ),
  region: (region: string) =>
    refuse(
      422,
      `insufficient_capacity: could not find a candidate host in region ${region}`,
      "insufficient_capacity",
    ),
  volume: () =>
    refuse(
      412,
      "insufficient resources to create new machine with existing volume",
      "volume_placement_capacity",
    ),
};
