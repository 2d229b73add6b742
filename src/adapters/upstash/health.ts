/** Whether Redis answers, and how fast: one PING, which costs one command. */
import type { Redis } from "@upstash/redis";
import type { Clock, HealthCheck } from "../../ports.ts";
import { describeRedisFailure } from "./describe-failure.ts";

export function createUpstashHealth(redis: Redis, clock: Pick<Clock, "now">): HealthCheck {
  return async () => {
    const from = clock.now();
    const since = () => Math.max(0, clock.now() - from);
    try {
      await redis.ping();
      return { ok: true, latencyMs: since(), why: null };
    } catch (error) {
      return { ok: false, latencyMs: since(), why: describeRedisFailure(error) };
    }
  };
}
