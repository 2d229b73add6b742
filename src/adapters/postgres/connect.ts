/**
 * One connection, made for edge functions: no prepared statements (the transaction pooler has none), no look-up of types
 * at connect (a round trip), closed when idle.
 *
 * The trap behind `fetch_types: false`: arrays have no serializer. So lists go in as array literals or JSON in a text
 * parameter with a double cast (`::text::float8[]`), and come out as JSON.
 */
import postgres from "postgres";
import { StaleFenceError } from "../../errors.ts";

export type Sql = postgres.Sql;

/** SQLSTATE that flyahead.require_fence raises. */
const STALE_FENCE = "FA001";

export function connectPostgres(url: string, options: { maxConnections?: number } = {}): Sql {
  return postgres(url, {
    max: options.maxConnections ?? 1,
    prepare: false,
    fetch_types: false,
    idle_timeout: 20,
    connect_timeout: 10,
    onnotice: () => {},
    // No statement_timeout here: PgBouncer refuses a connection that asks for one. The role has it (docs/install.md).
    connection: { application_name: "flyahead" },
  });
}

/** Runs a write that is under a fence; a refusal by the fence becomes a StaleFenceError. */
export async function underFence<T>(
  lease: { app: string; fence: number },
  write: () => Promise<T>,
): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof postgres.PostgresError && error.code === STALE_FENCE) {
      throw new StaleFenceError(lease.app, lease.fence);
    }
    throw error;
  }
}

/** '{1,NULL,2.5}' for a text parameter that is cast to an array of numbers. */
export function numberArray(values: readonly (number | null | undefined)[]): string {
  return `{${values.map((value) => value ?? "NULL").join(",")}}`;
}

/** '{"a","b\\"c"}' for a text parameter that is cast to text[]. */
export function textArray(values: readonly string[]): string {
  return `{${values.map((value) => `"${value.replace(/["\\]/g, "\\$&")}"`).join(",")}}`;
}
