/**
 * What a machine's services ask of Fly Proxy, several services taken together: whatever lets the proxy do more counts.
 *
 * The trap is the default: a service that says nothing has autostop off and autostart on.
 */
import type { ProxySettings } from "../../core/fly-proxy.ts";
import { isSecondary } from "./min-running.ts";
import { serviceShape } from "./shapes.ts";

const STRONGEST = ["suspend", "stop", "off"] as const;

/** null where the machine has no service. */
export function proxySettingsOf(
  config: Readonly<Record<string, unknown>> | null,
  region: string,
): ProxySettings | null {
  const services = Array.isArray(config?.services) ? config.services : [];
  const read = services.flatMap((service: unknown) => serviceShape.safeParse(service).data ?? []);
  if (read.length === 0) return null;
  return {
    autostop: STRONGEST.find((word) => read.some(({ autostop }) => autostop === word)) ?? "off",
    autostart: read.some(({ autostart }) => autostart !== false),
    minRunning: Math.max(0, ...read.map((service) => service.min_machines_running ?? 0)),
    ...(config !== null && isSecondary(config, region) ? { isSecondary: true } : {}),
  };
}
