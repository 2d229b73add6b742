// A Postgres that takes a query and never answers, as behind a router that forgot the connection.
import { connect, createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectPostgres, type Sql } from "../../../src/adapters/postgres/connect.ts";
import { onFreePort } from "../../../src/local/free-port.ts";
import type { Door } from "../../faults/harm.ts";
import { openPostgresDoor } from "../../faults/postgres-door.ts";
import { useEmbedded } from "../../support/databases.ts";

describe("a connection with an end to its patience", () => {
  const open = useEmbedded();
  let door: Door;
  let sql: Sql;
  let url: string;
  beforeAll(async () => {
    url = (await open({ migrations: null })).url;
    door = await openPostgresDoor(url, { now: () => 0, sleep: () => {}, advanceTo: () => {} });
    sql = connectPostgres(door.url, { silenceMs: 500 });
  });
  afterAll(async () => {
    await sql.end({ timeout: 1 });
    await door.close();
  });

  it("cuts a silent connection: what waits fails, what comes after is answered", async () => {
    expect(await sql`select ${1}::integer as one`).toEqual([{ one: 1 }]);
    door.arm({ call: /as lost/, how: "drop" });
    const lost = sql`select ${1}::integer as lost`;
    // Behind it, on the only connection.
    const waiting = sql`select 2 as two`.then(
      () => "answered",
      () => "failed",
    );
    await expect(lost).rejects.toThrow(/CONNECTION_CLOSED/);
    expect(["answered", "failed"]).toContain(await waiting);
    expect(await sql`select 3 as three`).toEqual([{ three: 3 }]);
    expect(await door.settle()).toBe(true);
  });

  it("leaves one alone that is slow, but not as slow", async () => {
    expect(await sql`select 1 as one from pg_sleep(0.2)`).toEqual([{ one: 1 }]);
  });

  it("says each time that it could not connect, and connects when it can", async () => {
    const port = await onFreePort(async (free) => free);
    const later = connectPostgres(url.replace(/:\d+\//, `:${port}/`), { silenceMs: 500 });
    for (let attempt = 0; attempt < 3; attempt++)
      await expect(later`select 1`).rejects.toThrow(/ECONNREFUSED/);
    const tunnel = createServer((client) => {
      client.on("error", () => {});
      client.pipe(connect(Number(new URL(url).port), "127.0.0.1")).pipe(client);
    });
    await new Promise<void>((resolve) => tunnel.listen(port, "127.0.0.1", resolve));
    expect(await later`select 1 as one`).toEqual([{ one: 1 }]);
    await later.end({ timeout: 1 });
    await new Promise((resolve) => tunnel.close(resolve));
  });
});
