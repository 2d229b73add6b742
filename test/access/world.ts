/**
 * A database as Supabase has it, with flyahead in it, seen through plain SQL and through the real PostgREST with
 * supabase-js: the doors that a person, a page or a stolen key could try.
 */
import { createClient } from "@supabase/supabase-js";
import { afterAll, beforeAll } from "vitest";
import { connectPostgres, type Sql } from "../../src/adapters/postgres/connect.ts";
import { applyMigrations } from "../../src/local/migrations.ts";
import { type LocalPostgres, startPostgres } from "../../src/local/postgres.ts";
import { createSupabaseRoles, type LocalPostgrest, startPostgrest } from "../../src/local/postgrest.ts";
import { makeTempFolder } from "../../src/local/temp-folder.ts";

const PASSWORD = "only-on-loopback";
export const ROLES = [
  "anon",
  "authenticated",
  "service_role",
  "flyahead_operator",
  "flyahead_service",
] as const;
export type Role = (typeof ROLES)[number];

export type Thing = { readonly schema: string; readonly name: string };
export type Routine = Thing & {
  readonly oid: number;
  readonly signature: string;
  readonly definer: boolean;
  readonly settings: string;
};

/** Untyped: the tests ask for whatever there is. */
// biome-ignore lint/suspicious/noExplicitAny: supabase-js takes the shape of a database, which here is whatever there is
type Client = ReturnType<typeof createClient<any, string>>;

export type World = {
  readonly owner: Sql;
  readonly rest: LocalPostgrest;
  /** supabase-js on schema flyahead_api (unless another is given), as the holder of a token for the role. */
  client(role: Role, schema?: string): Client;
  /** Runs a statement as a role, in a transaction that is rolled back. */
  as(role: Role, statement: string): Promise<unknown>;
};

/** supabase-js asks for a WebSocket that Node 20 has not; nothing here listens in real time. */
class NoSocket {}

export function useWorld(): () => World {
  const folder = makeTempFolder();
  let server: LocalPostgres;
  let owner: Sql;
  let rest: LocalPostgrest;

  beforeAll(async () => {
    server = await startPostgres({ folder: folder.path });
    const url = await server.createDatabase("hosted");
    owner = connectPostgres(url);
    await createSupabaseRoles(owner, PASSWORD);
    await applyMigrations(url);
    await fill(owner);
    const databaseUrl = server.urlFor("hosted", { name: "authenticator", password: PASSWORD });
    rest = await startPostgrest({ databaseUrl, schemas: ["flyahead_api"] });
  });
  afterAll(async () => {
    await rest?.close();
    await owner?.end();
    await server?.close();
    folder.remove();
  });
  return () => ({
    owner,
    rest,
    client: (role, schema = "flyahead_api") =>
      createClient(rest.url, rest.anonKey, {
        db: { schema },
        auth: { persistSession: false },
        realtime: { transport: NoSocket as never },
        global: { headers: { authorization: `Bearer ${rest.tokenFor(role)}` } },
      }),
    as: (role, statement) => asRole(owner, role, statement),
  });
}

class RolledBack extends Error {}

async function asRole(owner: Sql, role: Role, statement: string): Promise<unknown> {
  let answer: unknown;
  await owner
    .begin(async (sql) => {
      await sql.unsafe(`set local role ${role}`);
      answer = await sql.unsafe(statement);
      throw new RolledBack();
    })
    .catch((error: unknown) => {
      if (!(error instanceof RolledBack)) throw error;
    });
  return answer;
}

async function fill(owner: Sql): Promise<void> {
  await owner`insert into flyahead.worker_regions (app, region, process_group) values ('shop', 'fra', 'app')`;
  await owner`insert into flyahead.api_tokens (name, token_hash, scopes) values ('cron', repeat('ab', 32), '{tick}')`;
  await owner`insert into flyahead.app_leases (app) values ('shop')`;
}

export async function relations(owner: Sql): Promise<(Thing & { kind: string })[]> {
  return owner`
    select n.nspname as schema, c.relname as name, c.relkind::text as kind from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('flyahead', 'flyahead_api') and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f') order by 1, 2`;
}

export async function routines(owner: Sql): Promise<Routine[]> {
  return owner`
    select n.nspname as schema, p.proname as name, p.oid::integer as oid, p.oid::regprocedure::text as signature, p.prosecdef as definer,
      coalesce(array_to_string(p.proconfig, ' '), '') as settings
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname in ('flyahead', 'flyahead_api') order by 4`;
}
