/** Pools as they stand, read in one statement each (migrations/0035_status.sql); the documents are those of the port. */
import type { PoolDetail, PoolStatus, PoolStatuses } from "../../ports.ts";
import { type Sql, textArray } from "./connect.ts";

export function createPostgresPoolStatuses(sql: Sql): PoolStatuses {
  const listed = (apps: readonly string[] | null) => (apps === null ? null : textArray(apps));
  return {
    async list(apps) {
      const rows = await sql<{ doc: PoolStatus }[]>`
        select doc from flyahead.pool_status(${listed(apps)}::text::text[]) doc`;
      return rows.map(({ doc }) => doc);
    },
    async find(id, apps, decisions) {
      const [row] = await sql<{ doc: PoolDetail }[]>`
        select doc from flyahead.pool_detail(${id}::integer, ${listed(apps)}::text::text[], ${decisions}::integer) doc`;
      return row?.doc ?? null;
    },
  };
}
