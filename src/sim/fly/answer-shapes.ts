/**
 * Machines as Fly shows them: alone, in a list (summary leaves out the large parts) and in an organisation's list.
 *
 * Every value is a copy, so that a caller in the same process cannot change the world by changing an answer. The
 * trap of summary: the process group is inside the configuration, so a summary cannot tell pools apart.
 */
import { checkNames } from "./config.ts";
import { copyJson } from "./copy.ts";
import { hexId } from "./ids.ts";
import type { Json } from "./options.ts";
import type { Machine, World } from "./world.ts";

const EVENTS_SHOWN = 8;

export function showMachine(world: World, machine: Machine, isSummary = false): Json {
  const base = {
    id: machine.id,
    name: machine.name,
    state: machine.state,
    region: machine.region,
    instance_id: machine.instanceId,
    version: machine.instanceId,
    private_ip: machine.privateIp,
    image_ref: imageRef(world, machine.config.image ?? ""),
    cordoned: machine.cordoned,
    created_at: iso(machine.createdAt),
    updated_at: iso(machine.updatedAt),
  };
  if (isSummary) return base;
  return {
    ...base,
    host_status: "ok",
    config: copyJson(machine.config),
    events: showEvents(machine, EVENTS_SHOWN),
    checks: showChecks(machine),
  };
}

export function showEvents(machine: Machine, limit: number): Json[] {
  return copyJson(machine.events.slice(0, limit)) as Json[];
}

/** One row of GET /orgs/{slug}/machines. */
export function showOverview(machine: Machine, isSummary: boolean): Json {
  const base = {
    app_name: machine.app,
    id: machine.id,
    name: machine.name,
    region: machine.region,
    state: machine.state,
    instance_id: machine.instanceId,
    version: machine.instanceId,
    private_ip: machine.privateIp,
    created_at: iso(machine.createdAt),
    updated_at: iso(machine.updatedAt),
  };
  const { guest, image, metadata } = machine.config;
  return isSummary ? base : { ...base, config: copyJson({ guest, image, metadata: metadata ?? {} }) };
}

export function iso(at: number): string {
  return new Date(at).toISOString();
}

function showChecks(machine: Machine): Json[] {
  const status = machine.ready ? "passing" : "critical";
  const output = machine.ready ? "200 OK" : "the machine does not answer yet";
  return checkNames(machine.config).map((name) => ({
    name,
    status,
    output,
    updated_at: iso(machine.checkedAt),
  }));
}

/** "registry.fly.io/app:tag@sha256:…" in its parts; a digest is made up from the text when none is given. */
function imageRef(world: World, image: string): Json {
  const [path = "", digest] = image.split("@");
  const slash = path.indexOf("/");
  const colon = path.lastIndexOf(":");
  const hasHost = slash > 0 && path.slice(0, slash).includes(".");
  const hasTag = colon > slash;
  return {
    registry: hasHost ? path.slice(0, slash) : "registry-1.docker.io",
    repository: path.slice(hasHost ? slash + 1 : 0, hasTag ? colon : undefined),
    tag: hasTag ? path.slice(colon + 1) : "latest",
    digest: digest ?? madeUpDigest(world, path),
    labels: {},
  };
}

function madeUpDigest(world: World, path: string): string {
  const known = world.digests.get(path);
  if (known !== undefined) return known;
  const digest = `sha256:${hexId(world.random.root.fork(`image/${path}`), 64)}`;
  world.digests.set(path, digest);
  return digest;
}
