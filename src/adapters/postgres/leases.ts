/** The app's lease row: one function call each, in the database's own time. */
import type { LeaseAnswer, Leases } from "../../ports.ts";
import type { Sql } from "./connect.ts";

type AcquireRow = { status: "held" | "busy" | "closed"; fence: string; attempt: number; retry_ms: number };

export function createPostgresLeases(sql: Sql): Leases {
  return {
    async acquire(app, slot, ttlMs): Promise<LeaseAnswer> {
      const [row] = await sql<AcquireRow[]>`
        select * from flyahead.acquire_lease(${app}, flyahead.instant(${slot}), ${ttlMs})`;
      if (row === undefined || row.status === "closed") return { status: "closed" };
      if (row.status === "busy") return { status: "busy", retryAfterMs: row.retry_ms };
      return { status: "held", lease: { app, slot, attempt: row.attempt, fence: Number(row.fence) } };
    },
    async isHeld({ app, fence }) {
      const [row] = await sql<{ held: boolean }[]>`select flyahead.is_lease_held(${app}, ${fence}) as held`;
      return row?.held === true;
    },
    async release({ app, fence }) {
      await sql`select flyahead.release_lease(${app}, ${fence})`;
    },
  };
}
