/**
 * The four jobs of the schedule, for where there is no pg_cron: the same calls, the same rows in schedule_requests
 * (migrations, schedule). Each says in one line what came of it and never throws: the next run is the repair.
 */
import type { Sql } from "../../src/adapters/postgres/connect.ts";
import { textArray } from "../../src/adapters/postgres/connect.ts";
import { floorTo, formatInstant, type Instant, MINUTE_MS, SECOND_MS } from "../../src/core/time.ts";
import { messageOf } from "../../src/errors.ts";

/** A tick of many apps takes this long at most; as in the schedule of pg_cron. */
export const TICK_TIMEOUT_MS = 120 * SECOND_MS;

export type CronSettings = {
  /** Where the functions are: https://<ref>.supabase.co/functions/v1. */
  readonly url: string;
  readonly token: string;
  readonly cadenceMinutes: 1 | 5 | 15;
};

export type CronTools = {
  readonly sql: Sql;
  readonly now: () => Instant;
  readonly say: (line: string) => void;
  /** Ends the waiting for an answer; the tick itself goes on where it runs. */
  readonly stop: AbortSignal;
};

export type CronJob = { readonly name: string; readonly schedule: string; readonly run: () => Promise<void> };

export function cronJobs(settings: CronSettings, tools: CronTools): CronJob[] {
  const { sql } = tools;
  const each = settings.cadenceMinutes === 1 ? "* * * * *" : `*/${settings.cadenceMinutes} * * * *`;
  const job = (name: string, schedule: string, work: () => Promise<string | null>): CronJob => {
    return { name, schedule, run: () => told(name, work, tools) };
  };
  return [
    job("tick", each, () => callTick("tick", null, settings, tools)),
    job("follow-up", "* * * * *", () => followUp(settings, tools)),
    job("rollups", "* * * * *", async () => {
      const [row] = await sql<{ notes: number }[]>`select flyahead.refresh_rollups() as notes`;
      return row!.notes === 0 ? null : `${row!.notes} notes worked off`;
    }),
    job("upkeep", "7 * * * *", async () => {
      const [row] = await sql<{ done: unknown }[]>`select flyahead.maintain() as done`;
      return JSON.stringify(row!.done);
    }),
  ];
}

async function told(
  name: string,
  work: () => Promise<string | null>,
  { now, say }: CronTools,
): Promise<void> {
  const line = await work().catch(
    (error: unknown) => `failed: ${messageOf(error)}; tried again at its next time`,
  );
  if (line !== null) say(`${formatInstant(now())} ${name}: ${line}`);
}

async function followUp(settings: CronSettings, tools: CronTools): Promise<string | null> {
  const rows = await tools.sql<{ apps: string[] | null }[]>`
    select to_jsonb(apps) as apps from flyahead.call_again_for()`;
  return rows[0] === undefined ? null : callTick("again", rows[0].apps, settings, tools);
}

/** Calls the function and notes what came of it. A note that cannot be written is told, and changes nothing. */
async function callTick(
  job: "tick" | "again",
  apps: readonly string[] | null,
  settings: CronSettings,
  { sql, now, stop }: CronTools,
): Promise<string> {
  const sentAt = now();
  const slot = floorTo(sentAt, settings.cadenceMinutes * MINUTE_MS);
  const { status, error } = await post(settings, apps, stop);
  const note = sql`
    select flyahead.note_request(${job}, flyahead.instant(${slot}), ${apps === null ? null : textArray(apps)}::text::text[],
      flyahead.instant(${sentAt}), ${status}, ${error})`;
  const unnoted = await note.then(
    () => "",
    (fault: unknown) => `; not noted: ${messageOf(fault)}`,
  );
  const what = apps === null ? "" : ` for ${apps.join(", ")}`;
  return `${status ?? "no answer"}${what}${error === null ? "" : `: ${error}`} (${now() - sentAt} ms)${unnoted}`;
}

type Answer = { readonly status: number | null; readonly error: string | null };

async function post(
  { url, token }: CronSettings,
  apps: readonly string[] | null,
  stop: AbortSignal,
): Promise<Answer> {
  try {
    const answer = await fetch(`${url}/auto-scaling`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify(apps === null ? {} : { apps }),
      signal: AbortSignal.any([stop, AbortSignal.timeout(TICK_TIMEOUT_MS)]),
    });
    const text = await answer.text();
    return { status: answer.status, error: answer.ok ? null : text.slice(0, 300) };
  } catch (error) {
    // fetch says "fetch failed" and keeps the reason in its cause.
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return { status: null, error: messageOf(cause) };
  }
}
