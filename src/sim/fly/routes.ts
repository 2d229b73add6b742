/**
 * The addresses of Fly's Machines API that are simulated: method, path, the action's name, who answers.
 *
 * The action's name is what fault rules, rate limits and the tally use. `guarded` routes are refused while somebody else
 * holds the machine's lease. A path that is not here is 404, as at Fly.
 */

import type { Call, Reply } from "./call.ts";
import { createMachine } from "./create.ts";
import { acquireLease, getLease, releaseLease } from "./leases.ts";
import { type Rate, READ_RATE, WRITE_RATE } from "./limits.ts";
import * as lists from "./lists.ts";
import * as metadata from "./metadata.ts";
import { findPlacements } from "./placements.ts";
import * as verbs from "./verb-routes.ts";
import * as volumes from "./volumes.ts";
import { waitForState } from "./wait.ts";
import type { World } from "./world.ts";

export type Route = {
  method: string;
  path: readonly string[];
  action: string;
  answer: (world: World, call: Call) => Reply;
  guarded: boolean;
  isPublic: boolean;
  rate: Rate | null;
};

const MACHINES = "apps/:app/machines";
const MACHINE = `${MACHINES}/:machine`;
const VOLUMES = "apps/:app/volumes";

export const ROUTES: readonly Route[] = [
  route("GET platform/regions", "regions", lists.regions, { isPublic: true, rate: null }),
  route("POST platform/placements", "placements", findPlacements),
  route("GET tokens/current", "token", lists.currentToken, { rate: null }),
  route("GET orgs/:org/machines", "orgMachines", lists.listOrgMachines),
  route("GET apps", "apps", lists.listApps),
  route("GET apps/:app", "app", lists.getApp),
  route(`GET ${MACHINES}`, "list", lists.listMachines),
  route(`POST ${MACHINES}`, "create", createMachine),
  route(`GET ${MACHINE}`, "get", lists.getMachine, { rate: READ_RATE }),
  route(`POST ${MACHINE}`, "update", verbs.updateMachine, { guarded: true }),
  route(`DELETE ${MACHINE}`, "destroy", verbs.destroyMachine, { guarded: true }),
  route(`POST ${MACHINE}/start`, "start", verbs.startMachine, { guarded: true }),
  route(`POST ${MACHINE}/stop`, "stop", verbs.stopMachine, { guarded: true }),
  route(`POST ${MACHINE}/suspend`, "suspend", verbs.suspendMachine, { guarded: true }),
  route(`POST ${MACHINE}/restart`, "restart", verbs.restartMachine, { guarded: true }),
  route(`POST ${MACHINE}/cordon`, "cordon", verbs.cordonMachine, { guarded: true }),
  route(`POST ${MACHINE}/uncordon`, "uncordon", verbs.uncordonMachine, { guarded: true }),
  route(`GET ${MACHINE}/wait`, "wait", waitForState),
  route(`GET ${MACHINE}/events`, "events", lists.listEvents),
  route(`GET ${MACHINE}/lease`, "leaseGet", getLease),
  route(`POST ${MACHINE}/lease`, "leaseAcquire", acquireLease),
  route(`DELETE ${MACHINE}/lease`, "leaseRelease", releaseLease),
  route(`GET ${MACHINE}/metadata`, "metadataGet", metadata.getMetadata),
  route(`PUT ${MACHINE}/metadata`, "metadataPut", metadata.mergeMetadata),
  route(`PATCH ${MACHINE}/metadata`, "metadataPatch", metadata.mergeMetadata),
  route(`GET ${MACHINE}/metadata/:key`, "metadataKeyGet", metadata.getMetadataKey),
  route(`POST ${MACHINE}/metadata/:key`, "metadataKeySet", metadata.setMetadataKey),
  route(`DELETE ${MACHINE}/metadata/:key`, "metadataKeyDelete", metadata.deleteMetadataKey),
  route(`GET ${VOLUMES}`, "volumes", volumes.listVolumes),
  route(`POST ${VOLUMES}`, "volumeCreate", volumes.createVolume),
  route(`GET ${VOLUMES}/:volume`, "volumeGet", volumes.getVolume),
  route(`DELETE ${VOLUMES}/:volume`, "volumeDelete", volumes.deleteVolume),
];

/** The route and the words in its path; null when there is none. Throws URIError on a malformed escape. */
export function findRoute(
  method: string,
  path: string,
): { route: Route; params: Record<string, string> } | null {
  const parts = path.split("/").filter(Boolean).map(decodeURIComponent);
  if (parts.shift() !== "v1") return null;
  for (const known of ROUTES) {
    if (known.method !== method || known.path.length !== parts.length) continue;
    const params: Record<string, string> = {};
    const fits = known.path.every((word, i) => {
      if (!word.startsWith(":")) return word === parts[i];
      params[word.slice(1)] = parts[i] ?? "";
      return true;
    });
    if (fits) return { route: known, params };
  }
  return null;
}

function route(address: string, action: string, answer: Route["answer"], more: Partial<Route> = {}): Route {
  const [method = "", path = ""] = address.split(" ");
  return {
    method,
    path: path.split("/"),
    action,
    answer,
    guarded: false,
    isPublic: false,
    rate: WRITE_RATE,
    ...more,
  };
}
