import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callHttp } from "../../src/adapters/http.ts";

let answer: (response: ServerResponse, body: string) => void = () => {};
const server = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  answer(response, `${request.method} ${request.headers["x-test"]} ${body}`);
});
let url: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const SECRET = "my-secret";
const call = (changes: Partial<Parameters<typeof callHttp>[1]> = {}) =>
  callHttp(fetch, { method: "GET", url, timeoutMs: 5_000, maxBytes: 1_000, ...changes });

describe("callHttp", () => {
  it("gives status, headers and the whole body, whatever the status", async () => {
    answer = (response, seen) => response.writeHead(503, { "x-back": "yes" }).end(`${seen} ünï`);
    const result = await call({ method: "POST", headers: { "x-test": "t" }, body: "hello" });
    expect(result).toMatchObject({ kind: "answered", status: 503, text: "POST t hello ünï", cutShort: null });
    expect(result.kind === "answered" && result.headers.get("x-back")).toBe("yes");
  });

  it("does not follow redirects", async () => {
    answer = (response) => response.writeHead(302, { location: "http://127.0.0.1:1/" }).end();
    expect(await call()).toMatchObject({ kind: "answered", status: 302 });
  });

  it("stops reading after maxBytes", async () => {
    answer = (response) => response.end("x".repeat(5_000_000));
    const result = await call();
    expect(result).toMatchObject({ kind: "answered", status: 200 });
    expect(result.kind === "answered" && result.cutShort).toMatch(/longer than 1000 bytes/);
    expect(result.kind === "answered" && result.text.length).toBeLessThanOrEqual(1_000);
  });

  it("keeps the status of an answer whose body is cut or never ends", async () => {
    answer = (response) => {
      response.writeHead(201, { "content-length": "100" }).write("part");
      setTimeout(() => response.socket?.destroy(), 20);
    };
    expect(await call()).toMatchObject({
      kind: "answered",
      status: 201,
      text: "part",
      cutShort: expect.stringMatching(/connection failed/),
    });
    answer = (response) => void response.writeHead(200).write("part");
    expect(await call({ timeoutMs: 150 })).toMatchObject({
      kind: "answered",
      cutShort: "no answer within 150 ms",
    });
  });

  it("says noAnswer when the connection is cut or nothing comes: it may have been done", async () => {
    answer = (response) => response.socket?.destroy();
    expect(await call({ method: "POST" })).toMatchObject({ kind: "noAnswer" });
    answer = () => {};
    expect(await call({ timeoutMs: 50 })).toEqual({ kind: "noAnswer", why: "no answer within 50 ms" });
  });

  it("says neverSent when nothing listens, or the name does not exist", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    await new Promise((resolve) => other.close(resolve));
    const refused = await call({ url: `http://127.0.0.1:${port}/` });
    expect(refused).toEqual({ kind: "neverSent", why: "the connection failed (ECONNREFUSED)" });
    const dns = Object.assign(new Error("x"), { code: "ENOTFOUND", syscall: "getaddrinfo" });
    const both = new AggregateError([
      dns,
      Object.assign(new Error("y"), { code: "ETIMEDOUT", syscall: "connect" }),
    ]);
    const fetch = () => Promise.reject(new TypeError("fetch failed", { cause: both }));
    const result = await callHttp(fetch, { method: "POST", url, timeoutMs: 50, maxBytes: 1 });
    expect(result).toEqual({ kind: "neverSent", why: "the connection failed (ENOTFOUND, ETIMEDOUT)" });
  });

  it("says noAnswer for failures that it does not know", async () => {
    const fetch = () => Promise.reject(new TypeError(`odd ${SECRET}`));
    const result = await callHttp(fetch, { method: "POST", url, timeoutMs: 50, maxBytes: 1 });
    expect(result).toEqual({ kind: "noAnswer", why: "the connection failed (TypeError)" });
  });

  it("says neverSent for a malformed header or address, and repeats neither", async () => {
    const bad = await call({ headers: { authorization: `Bearer ${SECRET}\n\u0100` } });
    const worse = await call({ url: `http://[${SECRET}` });
    for (const result of [bad, worse]) {
      expect(result.kind).toBe("neverSent");
      expect(JSON.stringify(result)).not.toContain(SECRET);
    }
  });
});
