/**
 * A clone's mounts: for each the volume that its template mounts is looked up, and one like it is found or made in the
 * clone's region. Never the template's own, for a volume is mounted once only; and none is ever destroyed.
 *
 * One that nobody mounts, of the same name and region and on a well host, is used before another is made: as
 * `fly scale count` does, and so a create that failed after its volume was made leaves nothing behind but for the next
 * try. What is on such a volume the clone will find.
 */
import { isMachineApiError } from "../../errors.ts";
import { failed } from "./fly-error.ts";
import type { FlyVolume, NewVolume, VolumeCalls } from "./volume-calls.ts";

type Config = Readonly<Record<string, unknown>>;
type Mount = { readonly volume?: unknown; readonly name?: unknown };
type Place = { readonly app: string; readonly region: string; readonly task: string };

const DEFAULT_SIZE_GB = 1;

/** The configuration with volumes of its own; as it is where it mounts none. */
export async function cloneVolumes(volumes: VolumeCalls, place: Place, config: Config): Promise<Config> {
  const mounts = (config.mounts ?? []) as readonly Mount[];
  if (mounts.length === 0) return config;
  const known = await volumes.list(place.app);
  const taken = new Set<string>();
  const own: Mount[] = [];
  for (const mount of mounts) {
    const wanted = volumeLike(mount, known, place, config.guest);
    const found = known.find((volume) => !taken.has(volume.id) && isFree(volume) && fits(volume, wanted));
    const volume = found ?? (await make(volumes, place, wanted));
    taken.add(volume.id);
    own.push({ ...mount, volume: volume.id });
  }
  return { ...config, mounts: own };
}

function volumeLike(
  mount: Mount,
  known: readonly FlyVolume[],
  { region, task }: Place,
  compute: unknown,
): NewVolume {
  const template = known.find(({ id }) => id === mount.volume);
  const name = template?.name || (typeof mount.name === "string" ? mount.name : "");
  if (name === "") throw failed("invalid", { task }, `volume ${mount.volume} of the template is not listed`);
  return {
    name,
    region,
    sizeGb: template?.size_gb ?? DEFAULT_SIZE_GB,
    encrypted: template?.encrypted ?? true,
    fstype: template?.fstype ?? null,
    apart: known.some((volume) => volume.name === name && volume.region === region),
    compute,
  };
}

function isFree({ attached_machine_id, attached_alloc_id, state, host_status }: FlyVolume): boolean {
  const isWell = host_status === null || host_status === undefined || host_status === "ok";
  return !attached_machine_id && !attached_alloc_id && state === "created" && isWell;
}

function fits(volume: FlyVolume, { name, region, sizeGb }: NewVolume): boolean {
  return volume.name === name && volume.region === region && (volume.size_gb ?? 0) >= sizeGb;
}

/** Where the answer was lost, no machine was made: the next try finds the volume, if there is one. */
async function make(volumes: VolumeCalls, { app, task }: Place, wanted: NewVolume): Promise<FlyVolume> {
  try {
    return await volumes.create(app, wanted);
  } catch (error) {
    if (!isMachineApiError(error) || error.kind !== "ambiguous") throw error;
    throw failed("transient", { task }, `its volume may not have been made (${error.message})`, {
      requestId: error.requestId,
      cause: error,
    });
  }
}
