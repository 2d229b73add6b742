/**
 * All of Fly's Machines API that an autoscaler needs, typed, each call once and unguarded by any retry: whoever calls
 * knows what is safe to repeat. The tick sees none of this but the port MachineApi (machine-api.ts).
 */
import type { Instant } from "../../core/time.ts";
import type { Fetch } from "../http.ts";
import { createFlyCaller } from "./call.ts";
import { createLeaseCalls, type LeaseCalls } from "./lease-calls.ts";
import { createMachineCalls, type MachineCalls } from "./machine-calls.ts";
import { createMetadataCalls, type MetadataCalls } from "./metadata-calls.ts";
import { createPlatformCalls, type PlatformCalls } from "./platform-calls.ts";
import { readFlyTokens } from "./tokens.ts";
import { createVolumeCalls, type VolumeCalls } from "./volume-calls.ts";

export type FlyClientOptions = {
  /** "https://api.machines.dev", with or without /v1. */
  readonly baseUrl: string;
  /** One token or a list; see tokens.ts. */
  readonly tokens: string;
  readonly fetch: Fetch;
  /** For one call, its body included. */
  readonly timeoutMs: number;
  /** Asked only for a Retry-After that is a date in an answer without one. */
  readonly clock?: { now(): Instant };
};

export type FlyClient = {
  readonly machines: MachineCalls;
  readonly leases: LeaseCalls;
  readonly metadata: MetadataCalls;
  readonly volumes: VolumeCalls;
  readonly platform: PlatformCalls;
};

/** Every call may throw a MachineApiError. @throws TypeError where the token list is malformed */
export function createFlyClient(options: FlyClientOptions): FlyClient {
  const { baseUrl, fetch, timeoutMs, clock } = options;
  const tokens = readFlyTokens(options.tokens);
  const call = createFlyCaller({ baseUrl, tokens, fetch, timeoutMs, now: clock ? () => clock.now() : null });
  return {
    machines: createMachineCalls(call),
    leases: createLeaseCalls(call),
    metadata: createMetadataCalls(call),
    volumes: createVolumeCalls(call),
    platform: createPlatformCalls(call),
  };
}
