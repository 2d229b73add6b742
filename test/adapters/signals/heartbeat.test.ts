import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createHeartbeat } from "../../../src/adapters/signals/heartbeat.ts";

describe("heartbeat", () => {
  let server: Server;
  let url: string;
  let status = 200;
  let calls: string[] = [];
  let lines: string[] = [];
  const log = (step: string, facts: Record<string, unknown>) => void lines.push(`${step}: ${facts.error}`);

  beforeAll(async () => {
    server = createServer((request, response) => {
      calls.push(request.url ?? "");
      response.writeHead(status).end("heard");
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ping/flyahead`;
  });
  afterAll(() => void server.close());
  beforeEach(() => {
    status = 200;
    calls = [];
    lines = [];
  });

  it("calls its URL once", async () => {
    await createHeartbeat(url, fetch, log).heartbeat();
    expect(calls).toEqual(["/ping/flyahead"]);
    expect(lines).toEqual([]);
  });

  it("does nothing where no URL is configured", async () => {
    await createHeartbeat(null, fetch, log).heartbeat();
    expect(calls).toEqual([]);
  });

  it("logs a refusal and goes on", async () => {
    status = 404;
    await createHeartbeat(url, fetch, log).heartbeat();
    expect(lines).toEqual(["heartbeat: the heartbeat URL answered 404"]);
  });

  it("logs that nobody is there and goes on", async () => {
    await createHeartbeat("http://127.0.0.1:1/", fetch, log).heartbeat();
    expect(lines).toHaveLength(1);
  });
});
