/**
 * What only Supabase has, for a Postgres that has it not: Vault as a table, and pg_net as a queue that the test empties by
 * really posting what is in it, so that what comes back is what a server said.
 */
import type { Sql } from "../../src/adapters/postgres/connect.ts";

export const VAULT = `
  create schema vault;
  create table vault.secrets (name text unique, secret text);
  create function vault.create_secret(new_secret text, new_name text) returns void language sql
    as 'insert into vault.secrets values (new_name, new_secret)';
  create view vault.decrypted_secrets as select name, secret as decrypted_secret from vault.secrets;`;

/** Signatures as in pg_net 0.20, whose request leaves with the commit and whose tables a crash empties. */
export const PG_NET = `
  create schema net;
  create unlogged table net.http_request_queue (id bigserial, url text, body jsonb, headers jsonb, timeout_milliseconds int);
  create unlogged table net._http_response (id bigint, status_code int, content_type text, headers jsonb, content text,
    timed_out bool, error_msg text, created timestamptz default now());
  create function net.http_post(url text, body jsonb default '{}', params jsonb default '{}',
    headers jsonb default '{"Content-Type": "application/json"}', timeout_milliseconds int default 5000) returns bigint language sql
    as 'insert into net.http_request_queue (url, body, headers, timeout_milliseconds) values (url, body, headers, timeout_milliseconds) returning id';`;

/** pg_cron's own tables and functions, which run nothing. */
export const PG_CRON = `
  create schema cron;
  create table cron.job (jobid bigserial, jobname text primary key, schedule text, command text);
  create table cron.job_run_details (jobid bigint, runid bigserial, end_time timestamptz);
  create function cron.schedule(job_name text, schedule text, command text) returns bigint language sql
    as 'insert into cron.job (jobname, schedule, command) values (job_name, schedule, command)
        on conflict (jobname) do update set schedule = excluded.schedule, command = excluded.command returning jobid';
  create function cron.unschedule(job_name text) returns boolean language sql
    as 'delete from cron.job where jobname = job_name returning true';`;

export type Posted = {
  id: string;
  url: string;
  body: unknown;
  headers: Record<string, string>;
  timeout: number;
};

/** Posts what is queued and puts down what came back, as pg_net's worker does. */
export async function postQueued(sql: Sql): Promise<Posted[]> {
  const queued = await sql<Posted[]>`
    delete from net.http_request_queue returning id, url, body, headers, timeout_milliseconds as timeout`;
  for (const { id, url, body, headers, timeout } of queued) {
    const signal = AbortSignal.timeout(timeout);
    try {
      const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body), signal });
      const text = await answer.text();
      await sql`insert into net._http_response (id, status_code, content, timed_out) values (${id}, ${answer.status}, ${text}, false)`;
    } catch (error) {
      await sql`insert into net._http_response (id, timed_out, error_msg) values (${id}, ${signal.aborted}, ${String((error as Error).cause ?? error)})`;
    }
  }
  return [...queued];
}
