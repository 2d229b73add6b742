import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DenoFunction, startDenoFunction } from "../../src/local/deno.ts";
import { type Stack, startStack } from "../../src/local/stack.ts";
import { makeTempFolder } from "../../src/local/temp-folder.ts";
import { isRunning } from "./processes.ts";

const root = resolve(import.meta.dirname, "../fixtures/deno-function");

describe("a stack with one function", () => {
  let stack: Stack;
  const progress: string[] = [];
  let migrated = "";

  beforeAll(async () => {
    stack = await startStack({
      root,
      functions: ["hello"],
      signals: false,
      env: ({ postgres, redis }) => ({
        DATABASE_URL: postgres.url,
        REDIS_URL: redis.url,
        REDIS_TOKEN: redis.token,
      }),
      migrate: async (adminUrl) => {
        migrated = adminUrl;
      },
      onProgress: (text) => progress.push(text),
    });
  });
  afterAll(() => stack?.close());

  interface Hello {
    path: string;
    method: string;
    body: string;
    row: { n: number; version: string };
    count: number;
    environment: string[];
  }
  const call = async (path: string, init?: RequestInit) =>
    (await (await fetch(`${stack.functionsUrl}${path}`, init)).json()) as Hello;

  test("the function answers from Deno, with a row of Postgres and a number of Redis", async () => {
    const first = await call("/hello/deeper?x=1", { method: "POST", body: "ÄÖ".repeat(100_000) });
    expect(first).toMatchObject({
      path: "/hello/deeper",
      method: "POST",
      body: "ÄÖ".repeat(100_000),
      row: { n: 42 },
    });
    expect(first.row.version).toMatch(/^PostgreSQL 17/);
    expect((await call("/hello")).count).toBe(first.count + 1);
    expect(migrated).toBe(stack.postgres.adminUrl);
  });

  test("the function sees the given environment and nothing of ours", async () => {
    const { environment } = await call("/hello");
    const own = ["DENO_DIR", "DENO_NO_UPDATE_CHECK", "HOME", "NO_COLOR", "PATH"];
    expect(environment).toEqual(["DATABASE_URL", "REDIS_TOKEN", "REDIS_URL", ...own].sort());
  });

  test("each part reports that it is up", () => {
    for (const part of [/Postgres/, /Redis/, /Migrations/, /hello/])
      expect(progress.join("\n")).toMatch(part);
  });

  test("the pid is Deno's, and a restarted function answers at the same address", async () => {
    const { pid } = stack.functions.get("hello")!;
    await stack.restartFunction("hello");
    expect(isRunning(pid)).toBe(false);
    expect((await call("/hello")).row.n).toBe(42);
    await expect(stack.restartFunction("absent")).rejects.toThrow(/serves hello/);
  });

  test("the gateway says what is wrong: no such function, function away", async () => {
    const gateway = stack.functionsUrl.replace("/functions/v1", "");
    const unknown = await fetch(`${stack.functionsUrl}/nobody`);
    expect(unknown.status).toBe(404);
    expect(unknown.headers.get("content-type")).toBe("application/problem+json");
    expect(await unknown.json()).toMatchObject({
      status: 404,
      detail: expect.stringContaining("/functions/v1/hello"),
    });
    expect(await (await fetch(`${gateway}/_health`)).json()).toEqual({ functions: { hello: "up" } });
    await stack.functions.get("hello")!.close();
    const away = await fetch(`${stack.functionsUrl}/hello`, { method: "POST", body: "x" });
    expect(away.status).toBe(502);
    expect(await away.json()).toMatchObject({ status: 502, detail: expect.stringContaining("hello") });
    await stack.restartFunction("hello");
    expect((await fetch(`${stack.functionsUrl}/hello`)).status).toBe(200);
  });

  test("closing twice is closing once, and nothing is left", async () => {
    const pids = [stack.servers.postgres.pid(), stack.functions.get("hello")!.pid];
    await Promise.all([stack.close(), stack.close()]);
    await stack.closed;
    expect(pids.filter(isRunning)).toEqual([]);
    expect(existsSync(stack.folder)).toBe(false);
  });
});

describe("startDenoFunction", () => {
  const folder = makeTempFolder();
  afterAll(() => folder.remove());

  function write(name: string, code: string): { entrypoint: string; config: string } {
    const at = join(folder.path, name);
    mkdirSync(at);
    writeFileSync(join(at, "deno.json"), "{}");
    writeFileSync(join(at, "index.ts"), code);
    return { entrypoint: join(at, "index.ts"), config: join(at, "deno.json") };
  }

  test("a function that dies at its start fails with its own words, at once", async () => {
    const paths = write("dying", 'throw new Error("no DATABASE_URL here");');
    await expect(startDenoFunction({ ...paths, env: {} })).rejects.toThrow(/no DATABASE_URL here/);
    expect(readdirSync(join(folder.path, "dying")).sort()).toEqual(["deno.json", "index.ts"]);
  });

  test("a function reaches loopback, no file and no program", async () => {
    const server = createServer((socket) => socket.end()).listen(0, "127.0.0.1");
    await new Promise((done) => server.once("listening", done));
    const { port } = server.address() as { port: number };
    const code = `
      const attempt = async (work) => { try { await work(); return "allowed"; } catch (error) { return error.name; } };
      const tries = {
        loopback: () => Deno.connect({ hostname: "127.0.0.1", port: ${port} }),
        outside: () => Deno.connect({ hostname: "192.0.2.1", port: 80 }),
        read: () => Deno.readTextFile("/etc/hostname"),
        write: () => Deno.writeTextFile("x", "y"),
        run: () => new Deno.Command("id").output(),
      };
      export default { fetch: async () => {
        const answers = await Promise.all(Object.entries(tries).map(async ([name, work]) => [name, await attempt(work)]));
        return Response.json(Object.fromEntries(answers));
      } };`;
    let served: DenoFunction | undefined;
    try {
      served = await startDenoFunction({ ...write("curious", code), env: {} });
      expect(await (await fetch(served.url)).json()).toEqual({
        loopback: "allowed",
        outside: "NotCapable",
        read: "NotCapable",
        write: "NotCapable",
        run: "NotCapable",
      });
    } finally {
      await served?.close();
      server.close();
    }
  });
});
