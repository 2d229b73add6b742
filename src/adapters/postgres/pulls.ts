/** The books of what was pulled (0033). Two that advance at once are told apart by what they read: the slower one gets false. */
import type { Instant } from "../../core/time.ts";
import type { PullProgress, Pulls } from "../../ports.ts";
import type { Sql } from "./connect.ts";

export function createPostgresPulls(sql: Sql): Pulls {
  return {
    async recall(app) {
      const [row] = await sql<PullProgress[]>`
        select app, flyahead.epoch_ms(wanted_from) as "wantedFrom", flyahead.epoch_ms(filled_from) as "filledFrom",
          flyahead.epoch_ms(live_until) as "liveUntil", flyahead.epoch_ms(finished_at) as "finishedAt"
        from flyahead.sample_pulls where app = ${app}`;
      return row ?? null;
    },

    async advance(before, { app, wantedFrom, filledFrom, liveUntil, finishedAt }, now: Instant) {
      const [row] = await sql<{ moved: boolean }[]>`
        select flyahead.advance_pull(
          flyahead.instant(${now}), ${app},
          flyahead.instant(${before?.filledFrom ?? null}::float8), flyahead.instant(${before?.liveUntil ?? null}::float8),
          flyahead.instant(${wantedFrom}), flyahead.instant(${filledFrom}), flyahead.instant(${liveUntil}),
          flyahead.instant(${finishedAt}::float8)) as moved`;
      return row!.moved;
    },

    async finish({ app, filledFrom, liveUntil }, now) {
      const [row] = await sql<{ finished: boolean }[]>`
        select flyahead.finish_pull(flyahead.instant(${now}), ${app}, flyahead.instant(${filledFrom}), flyahead.instant(${liveUntil}))
          as finished`;
      return row!.finished;
    },
  };
}
