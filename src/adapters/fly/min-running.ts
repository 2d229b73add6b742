/**
 * min_machines_running in a machine's configuration: set on each service that has autostop on, in the app's primary region. Elsewhere
 * Fly minds no such number, and a machine is not worth changing for it.
 *
 * The trap is the image: to set one field the whole configuration is sent, and a tag in it may name another image by now. So the
 * image is sent as the digest that the machine has.
 */
import { pinnedImage } from "./clone.ts";
import { type FlyMachine, serviceShape } from "./shapes.ts";

type Config = Readonly<Record<string, unknown>>;

/** What `update` is to be sent; null where there is nothing to set, or the configuration is not known in full. */
export function configToKeep(machine: FlyMachine, minRunning: number): Config | null {
  const { config, host_status: host, region } = machine;
  if (!config || (host && host !== "ok")) return null;
  const changed = minRunningIn(config, region, minRunning);
  return changed && { ...changed, image: pinnedImage(machine) ?? config.image };
}

/** The configuration with the number in it; null where that changes nothing. */
export function minRunningIn(config: Config, region: string, minRunning: number): Config | null {
  const services: readonly unknown[] = Array.isArray(config.services) ? config.services : [];
  if (isSecondary(config, region) || !services.some((service) => isOff(service, minRunning))) return null;
  return {
    ...config,
    services: services.map((service) =>
      isOff(service, minRunning) ? { ...(service as object), min_machines_running: minRunning } : service,
    ),
  };
}

/** Whether the machine is outside the app's primary region, as flyctl wrote it down; false where it did not. */
export function isSecondary(config: Config, region: string): boolean {
  const { PRIMARY_REGION: primary } = (config.env ?? {}) as Record<string, unknown>;
  return typeof primary === "string" && primary !== "" && primary !== region;
}

function isOff(service: unknown, minRunning: number): boolean {
  const read = serviceShape.safeParse(service).data;
  const isMinded = read?.autostop === "stop" || read?.autostop === "suspend";
  return isMinded && (read.min_machines_running ?? 0) !== minRunning;
}
