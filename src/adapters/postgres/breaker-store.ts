/**
 * Breakers as rows. This form also carries the operator's orders, and is where people look (flyahead_api.breakers).
 */
import type { Order } from "../../core/breaker/breaker.ts";
import { readBreaker, writeBreaker } from "../../core/breaker/codec.ts";
import type { BreakerStore, StoredBreaker } from "../../ports.ts";
import type { Sql } from "./connect.ts";

type Row = { name: string; version: string; state: unknown };
type OrderedRow = Row & { order_id: string; ordered: Order | null };

export function createPostgresBreakerStore(sql: Sql): BreakerStore {
  return {
    async load() {
      const rows = await sql<OrderedRow[]>`
        select name, version, state, order_id, ordered from flyahead.breakers`;
      return {
        breakers: rows.flatMap(stored),
        orders: rows.flatMap(({ name, order_id, ordered }) =>
          ordered === null ? [] : [{ name, id: Number(order_id), order: ordered }],
        ),
      };
    },
    async save(breakers) {
      const documents = breakers.map(({ name, version, breaker }) => {
        return { name, version, state: writeBreaker(breaker) };
      });
      const newer = await sql<Row[]>`
        select * from flyahead.save_breakers(${JSON.stringify(documents)}::text::jsonb)`;
      return newer.flatMap(stored);
    },
    async takeProbe(name, opening, limit, ttlMs) {
      const [row] = await sql<{ taken: boolean }[]>`
        select flyahead.take_probe(${name}, ${opening}, ${limit}, ${ttlMs}) as taken`;
      return row?.taken === true;
    },
  };
}

function stored({ name, version, state }: Row): StoredBreaker[] {
  const breaker = readBreaker(state);
  return breaker === null ? [] : [{ name, version: Number(version), breaker }];
}
