/**
 * The configuration of a new machine is its template's, whole: environment, services, checks, metadata, guest. That
 * is how `fly machine clone` and `fly scale count` make machines, so a clone belongs to the same process group and
 * release.
 *
 * Traps: the image is pinned by digest, for a tag may have moved since the template was made. A template that is a
 * standby of another machine would make a clone that never starts. Mounts still name the template's volumes: the caller
 * puts others in their place (clone-volumes.ts).
 */
import type { MachineApiErrorKind } from "../../errors.ts";
import type { FlyMachine } from "./shapes.ts";

export type Clone =
  | { readonly config: Record<string, unknown> }
  | { readonly kind: MachineApiErrorKind; readonly why: string };

/** The configuration to create a clone with, or why there can be none. */
export function cloneConfig(template: FlyMachine): Clone {
  const { config, host_status: host } = template;
  if (!config || (host && host !== "ok")) {
    const why = `its host is ${host ?? "away"}, so its configuration is not known in full`;
    return { kind: "wrongState", why };
  }
  const { standbys: _standbys, ...kept } = structuredClone(config);
  if (typeof kept.env === "object" && kept.env !== null) {
    const { FLY_STANDBY_FOR: _standbyFor, ...env } = kept.env as Record<string, unknown>;
    kept.env = env;
  }
  return { config: { ...kept, image: pinnedImage(template) ?? kept.image } };
}

/** The image as it is, whatever its tag names by now; null where its digest is not told. */
export function pinnedImage({ image_ref: image }: FlyMachine): string | null {
  if (!image?.registry || !image.repository || !image.digest) return null;
  const tag = image.tag ? `:${image.tag}` : "";
  return `${image.registry}/${image.repository}${tag}@${image.digest}`;
}
