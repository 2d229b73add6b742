/**
 * Volumes: disks on one host of one region, which one machine at a time may mount. They are listed and made here, never
 * destroyed: what is on them is not ours.
 *
 * The trap: a volume costs its whole size from the moment it is made, mounted or not.
 */
import { z } from "zod";
import type { FlyCaller } from "./call.ts";

export type FlyVolume = z.infer<typeof volumeShape>;
export type NewVolume = {
  readonly name: string;
  readonly region: string;
  readonly sizeGb: number;
  readonly encrypted: boolean;
  readonly fstype: string | null;
  /** On another host than the app's other volumes of this name, where there is one. */
  readonly apart: boolean;
  /** The guest of the machine that will mount it, so that the host has room for both. */
  readonly compute: unknown;
};

export type VolumeCalls = ReturnType<typeof createVolumeCalls>;

const text = z.string().nullish().catch(null);

export const volumeShape = z.object({
  id: z.string().min(1),
  name: z.string().catch(""),
  region: z.string(),
  state: z.string().catch("unknown"),
  host_status: text,
  size_gb: z.number().int().positive().nullish().catch(null),
  encrypted: z.boolean().nullish().catch(null),
  fstype: text,
  /** Both spellings say that a machine has it. */
  attached_machine_id: text,
  attached_alloc_id: text,
});

export function createVolumeCalls(call: FlyCaller) {
  return {
    list(app: string): Promise<FlyVolume[]> {
      const task = `list the volumes of app ${app}`;
      const path = ["apps", app, "volumes"];
      return call({ app, task, phase: "read", method: "GET", path }, z.array(volumeShape));
    },

    create(app: string, volume: NewVolume): Promise<FlyVolume> {
      const { name, region, sizeGb, encrypted, fstype, apart, compute } = volume;
      const task = `create a volume ${name} of ${sizeGb} GB in ${region} for app ${app}`;
      const body = {
        name,
        region,
        size_gb: sizeGb,
        encrypted,
        require_unique_zone: apart,
        ...(fstype === null ? {} : { fstype }),
        ...(compute === undefined ? {} : { compute }),
      };
      const path = ["apps", app, "volumes"];
      return call({ app, task, phase: "write", method: "POST", path, body }, volumeShape);
    },
  };
}
