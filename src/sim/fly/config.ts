/**
 * Machine configurations: the one that seeded machines carry, and how Fly reads one that is sent.
 *
 * Fly stores the whole document, so a clone of a machine keeps its checks, services and metadata; only what it must
 * understand is checked. The trap: it takes autostop as "off", "stop" or "suspend" and answers the first two as
 * false and true, so what comes back is not what was sent.
 */
import type { Json, MachineConfig, MachineSeed } from "./options.ts";

const MIN_MEMORY_MB: Record<string, number> = { shared: 256, performance: 2048 };

/** A web app as `fly launch` leaves it, with autostop off. */
export function defaultConfig(app: string, seed: MachineSeed): MachineConfig {
  const processGroup = seed.processGroup ?? "app";
  const check = {
    type: "http",
    method: "get",
    path: "/healthz",
    interval: "15s",
    timeout: "2s",
    grace_period: "5s",
  };
  const concurrency = { type: "requests", soft_limit: 20, hard_limit: 25 };
  const ports = [
    { port: 80, handlers: ["http"], force_https: true },
    { port: 443, handlers: ["http", "tls"] },
  ];
  return {
    image: `registry.fly.io/${app}:deployment-01`,
    guest: seed.guest ?? { cpu_kind: "shared", cpus: 1, memory_mb: 256 },
    env: { FLY_PROCESS_GROUP: processGroup, PRIMARY_REGION: seed.region },
    init: {},
    restart: { policy: "on-failure", max_retries: 10 },
    services: [
      {
        protocol: "tcp",
        internal_port: 8080,
        autostop: false,
        autostart: true,
        ports,
        concurrency,
        checks: [check],
      },
    ],
    checks: {},
    metadata: {
      fly_platform_version: "v2",
      fly_process_group: processGroup,
      fly_release_id: "rel_01simulated",
      fly_release_version: "1",
      fly_flyctl_version: "0.3.0",
    },
    ...seed.config,
  };
}

/** Takes a sent configuration; a text says why it is refused. */
export function readConfig(value: unknown): MachineConfig | string {
  if (!isObject(value)) return "config is required and must be an object";
  const config = structuredClone(value) as MachineConfig;
  if (typeof config.image !== "string" || config.image === "") return "config.image is required";
  const misshapen = shapeProblem(config);
  if (misshapen !== null) return misshapen;
  config.guest ??= { cpu_kind: "shared", cpus: 1, memory_mb: 256 };
  const { cpu_kind = "shared", cpus = 1, memory_mb = 256 } = config.guest;
  const perCpuMb = MIN_MEMORY_MB[cpu_kind];
  if (perCpuMb === undefined)
    return `invalid config.guest.cpu_kind, ${cpu_kind} is neither shared nor performance`;
  if (memory_mb < perCpuMb * cpus)
    return `invalid config.guest.memory_mb, minimum required ${perCpuMb * cpus} MiB`;
  if (config.services !== undefined) config.services = config.services.map(withAutostop);
  return config;
}

/** Names of all checks, as Fly names those of services. */
export function checkNames(config: MachineConfig): string[] {
  const ofServices = (config.services ?? []).flatMap((service, i) =>
    ((service.checks as Json[] | undefined) ?? []).map(
      (check) =>
        `servicecheck-${String(i).padStart(2, "0")}-${check.type ?? "tcp"}-${service.internal_port ?? 0}`,
    ),
  );
  return [...Object.keys(config.checks ?? {}), ...ofServices];
}

/** The parts that the simulator itself reads; the rest of the document is kept unread. */
function shapeProblem(config: Json): string | null {
  for (const name of ["guest", "metadata", "checks"]) {
    if (config[name] !== undefined && !isObject(config[name])) return `config.${name} must be an object`;
  }
  for (const name of ["services", "mounts"]) {
    if (config[name] !== undefined && !isListOfObjects(config[name]))
      return `config.${name} must be a list of objects`;
  }
  const texts = Object.values((config.metadata as Json | undefined) ?? {});
  if (texts.some((value) => typeof value !== "string")) return "config.metadata must hold texts";
  const services = (config.services as Json[] | undefined) ?? [];
  const isWrong = services.some(({ checks }) => checks !== undefined && !isListOfObjects(checks));
  return isWrong ? "config.services[].checks must be a list of objects" : null;
}

function isListOfObjects(value: unknown): boolean {
  return Array.isArray(value) && value.every(isObject);
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function withAutostop(service: Json): Json {
  if (service.autostop === "off") return { ...service, autostop: false };
  return service.autostop === "stop" ? { ...service, autostop: true } : service;
}
