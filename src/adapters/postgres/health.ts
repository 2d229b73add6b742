/** Whether Postgres answers, and how fast: one query that reads nothing. */
import type { Clock, HealthCheck } from "../../ports.ts";
import type { Sql } from "./connect.ts";

export function createPostgresHealth(sql: Sql, clock: Pick<Clock, "now">): HealthCheck {
  return async () => {
    const from = clock.now();
    const since = () => Math.max(0, clock.now() - from);
    try {
      await sql`select 1`;
      return { ok: true, latencyMs: since(), why: null };
    } catch (error) {
      // The message may name hosts and roles.
      const { code } = (error ?? {}) as { code?: unknown };
      return { ok: false, latencyMs: since(), why: typeof code === "string" ? code : "no answer" };
    }
  };
}
