/**
 * A clone's mounts: for each the volume that its template mounts is looked up, and one like it is found or made in the
 * clone's region. Never the template's own, for a volume is mounted once only; and none is ever destroyed.
 *
 * One that nobody mounts, of the same name and region and on a well host, is used before another is made: as
 * `fly scale count` does, and so a create that failed after its volume was made leaves nothing behind but for the next
 * try. What is on such a volume the clone will find.
 *
 * The trap is two creates side by side: a volume that one of them made mounts nobody until its machine is there, and the other
 * one's list would show it as free. So creates that overlap share the list that the first of them read, and claim from it.
 */
import { isMachineApiError } from "../../errors.ts";
import { failed } from "./fly-error.ts";
import type { FlyVolume, NewVolume, VolumeCalls } from "./volume-calls.ts";

type Config = Readonly<Record<string, unknown>>;
type Mount = { readonly volume?: unknown; readonly name?: unknown };
type Place = { readonly app: string; readonly region: string; readonly task: string };

const DEFAULT_SIZE_GB = 1;

/** Makes a machine of the configuration with volumes of its own, or as it is where it mounts none. */
export type WithVolumes = <T>(
  place: Place,
  config: Config,
  use: (config: Config) => Promise<T>,
) => Promise<T>;

export function createVolumeCloner(volumes: VolumeCalls): WithVolumes {
  /** Chosen for machines that are being made, or were. */
  const claimed = new Set<string>();
  /** By app, while creates are under way there. */
  const shared = new Map<string, { readonly list: Promise<FlyVolume[]>; users: number }>();

  return async (place, config, use) => {
    const mounts = (config.mounts ?? []) as readonly Mount[];
    if (mounts.length === 0) return use(config);
    const before = shared.get(place.app) ?? { list: volumes.list(place.app), users: 0 };
    shared.set(place.app, before);
    before.users += 1;
    const mine: FlyVolume[] = [];
    try {
      const known = await before.list;
      for (const mount of mounts) {
        const wanted = volumeLike(mount, known, place, config.guest);
        const found = known.find(
          (volume) => !claimed.has(volume.id) && isFree(volume) && fits(volume, wanted),
        );
        if (found !== undefined) claimed.add(found.id);
        mine.push(found ?? (await make(volumes, place, wanted)));
      }
      const own = mounts.map((mount, i) => ({ ...mount, volume: mine[i]!.id }));
      const made = await use({ ...config, mounts: own });
      for (const { id } of mine) claimed.add(id);
      return made;
    } catch (error) {
      // The next try finds what was found or made for this one.
      const known = await before.list.catch((): FlyVolume[] => []);
      for (const volume of mine) {
        claimed.delete(volume.id);
        if (!known.includes(volume)) known.push(volume);
      }
      throw error;
    } finally {
      before.users -= 1;
      if (before.users === 0) shared.delete(place.app);
    }
  };
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
