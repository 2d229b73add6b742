/**
 * Volumes: disks in one region that one machine at a time may mount.
 *
 * A machine's configuration names the volume, so a cloned configuration names the same one and its create is refused with
 * 412: that is the trap that a naive scaler falls into. A destroyed machine leaves its volume behind, and it is billed.
 */
import { iso } from "./answer-shapes.ts";
import type { Call, Reply } from "./call.ts";
import { hexId } from "./ids.ts";
import type { Json, MachineConfig } from "./options.ts";
import { regionRefusal } from "./regions.ts";
import { badRequest, notFound, ok, refuse } from "./reply.ts";
import type { App, Machine, Volume, World } from "./world.ts";

const BLOCK_BYTES = 4096;

/** Why this configuration's mounts cannot be had in `region`. */
export function volumeProblem(app: App, config: MachineConfig, region: string): Reply | null {
  for (const mount of config.mounts ?? []) {
    const volume = app.volumes.get(mount.volume ?? "");
    if (volume === undefined) return badRequest(`volume ${mount.volume} does not exist`);
    if (volume.region !== region)
      return badRequest(`volume ${volume.id} is in ${volume.region}, not in ${region}`);
    if (volume.attachedTo !== null) {
      return refuse(
        412,
        `failed_precondition: volume ${volume.id} is already in use by machine ${volume.attachedTo}`,
      );
    }
  }
  return null;
}

export function attachVolumes(app: App, machine: Machine): void {
  for (const mount of machine.config.mounts ?? []) {
    const volume = app.volumes.get(mount.volume ?? "");
    if (volume !== undefined) volume.attachedTo = machine.id;
  }
}

export function listVolumes(_world: World, call: Call): Reply {
  return ok([...call.app!.volumes.values()].map(showVolume));
}

export function getVolume(_world: World, call: Call): Reply {
  const volume = call.app!.volumes.get(call.params.volume ?? "");
  return volume === undefined ? notFound("volume") : ok(showVolume(volume));
}

export function createVolume(world: World, call: Call): Reply {
  const { name, region, size_gb = 1, encrypted = true } = call.body;
  if (typeof name !== "string" || !/^[a-z0-9_]{1,30}$/.test(name)) {
    return badRequest(`volume name ${JSON.stringify(name)} may hold a to z, 0 to 9 and _, at most 30`);
  }
  if (typeof region !== "string") return badRequest("region is required");
  const closed = regionRefusal(world, region);
  if (closed !== null) return refuse(400, closed);
  if (!Number.isInteger(size_gb) || (size_gb as number) < 1)
    return badRequest("size_gb must be a whole number from 1");
  const wanted = { name, region, sizeGb: size_gb as number, encrypted: encrypted !== false };
  return ok(showVolume(newVolume(world, call.app!, wanted)));
}

export function newVolume(
  world: World,
  app: App,
  wanted: Pick<Volume, "name" | "region" | "sizeGb" | "encrypted">,
): Volume {
  const { ids } = world.random;
  const made = { id: `vol_${hexId(ids, 20)}`, zone: hexId(ids, 4), createdAt: world.now, attachedTo: null };
  const volume: Volume = { ...made, ...wanted };
  app.volumes.set(volume.id, volume);
  return volume;
}

export function deleteVolume(_world: World, call: Call): Reply {
  const { volumes } = call.app!;
  const volume = volumes.get(call.params.volume ?? "");
  if (volume === undefined) return notFound("volume");
  if (volume.attachedTo !== null) {
    return refuse(
      412,
      `failed_precondition: volume ${volume.id} is attached to machine ${volume.attachedTo}`,
    );
  }
  volumes.delete(volume.id);
  return ok({ ...showVolume(volume), state: "pending_destroy" });
}

/** An unattached volume has null in both attached_… fields, where the specification knows only texts. */
function showVolume(volume: Volume): Json {
  const bytes = volume.sizeGb * 2 ** 30;
  const blocks = bytes / BLOCK_BYTES;
  return {
    id: volume.id,
    name: volume.name,
    state: "created",
    size_gb: volume.sizeGb,
    region: volume.region,
    zone: volume.zone,
    encrypted: volume.encrypted,
    attached_machine_id: volume.attachedTo,
    attached_alloc_id: null,
    created_at: iso(volume.createdAt),
    host_status: "ok",
    fstype: "ext4",
    snapshot_retention: 5,
    auto_backup_enabled: true,
    block_size: BLOCK_BYTES,
    blocks,
    blocks_free: blocks,
    blocks_avail: blocks,
    bytes_total: bytes,
    bytes_used: 0,
  };
}
