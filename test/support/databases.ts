/**
 * One suite on every database that flyahead promises to work on: the embedded Postgres 15 and 17, and each server named in
 * TIMESCALE_DATABASE_URL (a list, separated by commas: the TSL and the Apache edition). Each call of the opener answers a
 * fresh database with all migrations. The trap: roles belong to the server, not to the database, and test files run at
 * the same time; so they are made under a lock in the database that the URL names.
 */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, it } from "vitest";
import { connectPostgres, type Sql } from "../../src/adapters/postgres/connect.ts";
import { applyMigrations } from "../../src/local/migrations.ts";
import { startPostgres } from "../../src/local/postgres.ts";
import { makeTempFolder } from "../../src/local/temp-folder.ts";

export type StorageMode = "native" | "hypertable" | "columnstore";

export type Database = {
  readonly name: string;
  /** Of the owner. */
  readonly url: string;
  /** Superuser and owner of everything; up to 4 connections. */
  readonly owner: Sql;
  /** A login role in flyahead_service, as the functions connect; up to 4 connections. */
  readonly asService: Sql;
  readonly serviceUrl: string;
  readonly major: number;
  /** The extension is there, in whichever edition. */
  readonly timescale: boolean;
  /** The mode that the migrations are to choose here. */
  readonly mode: StorageMode;
};

export type OpenOptions = {
  /** Another folder of migrations; null: none are applied. Default: the project's. */
  readonly migrations?: string | null;
  /** False: the extension is not created, though the server has it. */
  readonly timescale?: boolean;
};

export type OpenDatabase = (options?: OpenOptions) => Promise<Database>;

/** Superuser URL of a running server, and how to end it. */
type Server = { readonly url: string; close(): Promise<void> };

const PASSWORD = "only-on-loopback";
const TIMESCALE_URLS = (process.env.TIMESCALE_DATABASE_URL ?? "")
  .split(",")
  .flatMap((url) => url.trim() || []);

async function embedded(major: number): Promise<Server> {
  const folder = makeTempFolder();
  const server = await startPostgres({ folder: folder.path, major });
  const close = async () => {
    await server.close();
    folder.remove();
  };
  return { url: server.url, close };
}

/**
 * Runs `define` once for each database: embedded Postgres 15 and 17, and TimescaleDB where it is named.
 * @param define is given the opener, to be called in hooks and tests; what it opened is dropped after the suite
 */
export function describeOnEveryDatabase(title: string, define: (open: OpenDatabase) => void): void {
  for (const major of [15, 17]) {
    describe(`${title}, on embedded Postgres ${major}`, () => define(useServer(() => embedded(major))));
  }
  describeOnTimescale(title, define);
}

/** The same on TimescaleDB alone. Where none is named, one skipped suite says so. */
export function describeOnTimescale(title: string, define: (open: OpenDatabase) => void): void {
  TIMESCALE_URLS.forEach((url, index) => {
    const server = async () => ({ url, close: async () => {} });
    describe(`${title}, on TimescaleDB ${index + 1} of ${TIMESCALE_URLS.length}`, () =>
      define(useServer(server)));
  });
  if (TIMESCALE_URLS.length > 0) return;
  describe.skip(`${title}, on TimescaleDB`, () => {
    it("skipped: TIMESCALE_DATABASE_URL is not set", () => {});
  });
}

/** Fresh databases on one embedded server, for what does not depend on the storage. */
export const useEmbedded = (major = 17): OpenDatabase => useServer(() => embedded(major));

/** Starts a server before the suite's tests; answers the opener of fresh databases on it. */
export function useServer(start: () => Promise<Server>): OpenDatabase {
  let server: Server;
  let admin: Sql;
  const closers: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    server = await start();
    admin = connectPostgres(server.url);
  });
  afterAll(async () => {
    for (const close of closers.reverse()) await close();
    await admin?.end();
    await server?.close();
  });
  return async ({ migrations, timescale = true } = {}) => {
    const name = `flyahead_${randomBytes(5).toString("hex")}`;
    await admin.unsafe(`create database ${name}`);
    await makeRoles(admin, name);
    const url = urlOf(server.url, name);
    const serviceUrl = urlOf(server.url, name, name);
    const [owner, asService] = [url, serviceUrl].map((one) =>
      connectPostgres(one, { maxConnections: 4 }),
    ) as [Sql, Sql];
    closers.push(async () => {
      await Promise.all([owner.end(), asService.end()]);
      await admin.unsafe(`drop database if exists ${name} with (force)`);
      await admin.unsafe(`drop role ${name}`);
    });
    const found = await prepare(owner, timescale);
    if (migrations !== null)
      await applyMigrations(url, migrations === undefined ? {} : { folder: migrations });
    return { name, url, owner, asService, serviceUrl, ...found };
  };
}

function urlOf(server: string, database: string, role?: string): string {
  const url = new URL(server);
  url.pathname = `/${database}`;
  if (role !== undefined) [url.username, url.password] = [role, PASSWORD];
  return url.href;
}

async function makeRoles(admin: Sql, login: string): Promise<void> {
  await admin.begin(async (sql) => {
    await sql`select pg_advisory_xact_lock(hashtext('flyahead roles of tests'))`;
    for (const role of ["flyahead_service", "flyahead_operator"]) {
      const [found] = await sql`select from pg_roles where rolname = ${role}`;
      if (!found) await sql.unsafe(`create role ${role} nologin`);
    }
    await sql.unsafe(`create role ${login} login password '${PASSWORD}' in role flyahead_service`);
  });
}

async function prepare(owner: Sql, wanted: boolean): Promise<Pick<Database, "major" | "timescale" | "mode">> {
  const [server] = await owner<{ major: number; timescale: boolean }[]>`
    select current_setting('server_version_num')::integer / 10000 as major,
      exists (select from pg_available_extensions where name = 'timescaledb') as timescale`;
  if (server === undefined) throw new Error("The server does not tell its version.");
  if (!server.timescale || !wanted) return { ...server, timescale: false, mode: "native" };
  await owner`create extension if not exists timescaledb`;
  const [edition] = await owner`select current_setting('timescaledb.license', true) as license`;
  return { ...server, mode: edition?.license === "timescale" ? "columnstore" : "hypertable" };
}
