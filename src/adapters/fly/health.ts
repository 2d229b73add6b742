/**
 * Whether Fly answers, and how fast: one list of an app's machines, with its token. That it does not know the app, or was
 * asked too often, is an answer; a token that it refuses is none, for with that nothing can be done either.
 */
import { isMachineApiError, messageOf } from "../../errors.ts";
import type { Clock, HealthCheck } from "../../ports.ts";
import { createFlyMachineApi, type FlyMachineApiOptions } from "./machine-api.ts";

export function createFlyHealth(
  fly: FlyMachineApiOptions,
  app: string,
  clock: Pick<Clock, "now">,
): HealthCheck {
  const api = createFlyMachineApi(fly);
  return async () => {
    const from = clock.now();
    const since = () => Math.max(0, clock.now() - from);
    try {
      await api.list(app);
      return { ok: true, latencyMs: since(), why: null };
    } catch (error) {
      const ok = isMachineApiError(error) && (error.kind === "notFound" || error.kind === "rateLimited");
      return { ok, latencyMs: since(), why: ok ? null : messageOf(error) };
    }
  };
}
