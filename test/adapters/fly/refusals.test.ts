/** What Fly is known to say (status, body), and what it means for a read and for a write. A tiny server repeats it. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createFlyMachineApi } from "../../../src/adapters/fly/machine-api.ts";
import type { MachineApiError, MachineApiErrorKind } from "../../../src/errors.ts";

type Said = { status: number; body: string; headers?: Record<string, string> };
const TOKEN = "fm2_VerySecret+/==";
const REQUEST_ID = "01J8Z0000000000000000000-fra";
const TEMPLATE = JSON.stringify({ id: "t1", state: "started", region: "fra", config: { image: "nginx" } });

let said: Said;
const server = createServer((request, response) => {
  const isTemplate = request.method === "GET" && request.url?.endsWith("/t1");
  const { status, body, headers } = isTemplate ? { status: 200, body: TEMPLATE, headers: {} } : said;
  request.resume();
  response.writeHead(status, { "fly-request-id": REQUEST_ID, ...headers }).end(body);
});
let baseUrl: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function errors(
  answer: Said,
  clock?: { now(): number },
): Promise<{ read: MachineApiError; write: MachineApiError }> {
  said = answer;
  const api = createFlyMachineApi({
    baseUrl,
    tokens: TOKEN,
    fetch,
    timeoutMs: 5_000,
    ...(clock ? { clock } : {}),
  });
  const caught = (promise: Promise<unknown>) =>
    promise.then(
      () => Promise.reject(new Error("the call was expected to fail")),
      (error) => error,
    );
  return {
    read: await caught(api.list("shop")),
    write: await caught(api.create("shop", { name: "n1", region: "fra", templateId: "t1" })),
  };
}

const error = (text: string, status?: string) =>
  JSON.stringify(status === undefined ? { error: text } : { error: text, status });

const CASES: [number, string, MachineApiErrorKind, MachineApiErrorKind?][] = [
  [400, error("invalid_argument: unable to validate machine config"), "invalid"],
  [400, error("Region yul is deprecated and cannot have new resources provisioned. Use yyz"), "regionClosed"],
  [401, error("Authenticate: token validation error"), "auth"],
  [403, error("unauthorized"), "auth"],
  [404, error("machine not found"), "notFound"],
  [410, error("machine was destroyed"), "notFound"],
  [408, error("deadline_exceeded: machine failed to reach desired state"), "ambiguous", "transient"],
  [
    409,
    error('already_exists: unique machine name violation, machine ID 178 already exists with name "n1"'),
    "nameTaken",
  ],
  [409, error("name is taken", "name_taken"), "nameTaken"],
  [
    409,
    '{"status":"error","message":"machine ID 178 lease currently held by x@y, expires soon"}',
    "leaseHeld",
  ],
  [409, error("aborted: current_version does not match"), "versionMoved"],
  [409, error("machine update failed due to concurrent update"), "versionMoved"],
  [
    409,
    error(
      "could not reserve resource for machine: insufficient CPUs available to fulfill request on the current host",
    ),
    "capacity",
  ],
  [
    409,
    error("insufficient memory available to fulfill request: could not be placed on the current host"),
    "capacity",
  ],
  [409, error("aborted: no capacity"), "capacity"],
  [409, error("aborted: something new"), "wrongState"],
  [412, error("failed_precondition: machine getting replaced, refusing to start"), "wrongState"],
  [412, error("failed_precondition: unable to start machine from current state: 'created'"), "wrongState"],
  [
    412,
    error("insufficient resources to create new machine with existing volume", "volume_placement_capacity"),
    "capacity",
  ],
  [412, error("machine_version does not match"), "versionMoved"],
  [422, error("could not find a candidate host", "insufficient_capacity"), "capacity"],
  [422, error("Your organization has reached its machine limit. Please contact billing@fly.io"), "quota"],
  [422, error("invalid config.guest.memory_mb, minimum required 4096 MiB"), "invalid"],
  [429, error("rate limit exceeded"), "rateLimited"],
  [500, error("internal"), "ambiguous", "transient"],
  [502, "<html>Bad Gateway</html>", "ambiguous", "transient"],
  [503, "", "ambiguous", "transient"],
  [302, "", "invalid"],
  [200, "<html>hello</html>", "ambiguous", "transient"],
  [200, '{"id":5}', "ambiguous", "transient"],
  [200, "", "ambiguous", "transient"],
];

describe("what Fly's answers mean", () => {
  it.each(CASES)("%i %s: %s", async (status, body, writeKind, readKind = writeKind) => {
    const { read, write } = await errors({ status, body });
    expect([read.name, read.kind, write.kind]).toEqual(["MachineApiError", readKind, writeKind]);
    for (const failure of [read, write]) {
      expect(failure.requestId).toBe(REQUEST_ID);
      expect(failure.message).toMatch(/^Cannot (list|create) .* shop.*: Fly answered \d{3}.*\. Next: .+/);
      expect(failure.message).toContain(`(fly-request-id ${REQUEST_ID})`);
    }
  });

  it("lets the status in the body outrank the words", async () => {
    const { write } = await errors({ status: 409, body: error("lease trouble", "insufficient_capacity") });
    expect(write.kind).toBe("capacity");
    expect(write.message).toContain('Fly answered 409 insufficient_capacity: "lease trouble"');
  });

  it("keeps the id of the machine that has the name", async () => {
    const body = error("already_exists: unique machine name violation, machine ID 178 already exists");
    const { write } = await errors({ status: 409, body });
    expect(write.holderId).toBe("178");
    expect(write.message).toContain("machine ID 178");
    const bare = await errors({ status: 409, body: error("taken", "name_taken") });
    expect(bare.write).toMatchObject({ kind: "nameTaken", holderId: null });
  });

  it.each([
    [422, "could not find a candidate host", "insufficient_capacity", "region"],
    [422, "could not find a candidate host in region fra", undefined, "region"],
    [409, "aborted: no capacity", undefined, "region"],
    [409, "insufficient memory available to fulfill request: could not be placed", undefined, "host"],
    [409, "aborted: could not reserve resource for machine: insufficient CPUs available", undefined, "host"],
    [409, "insufficient CPUs on the current host, no capacity", "insufficient_capacity", "region"],
    [412, "insufficient resources", "volume_placement_capacity", "volume"],
    [412, "insufficient resources to create new machine with existing volume", undefined, "volume"],
  ] as const)("%i %s (%s) is want of room in the %s", async (status, text, code, scope) => {
    const { write } = await errors({ status, body: error(text, code) });
    expect(write).toMatchObject({ kind: "capacity", scope });
  });

  it("has a scope for nothing else", async () => {
    const { write } = await errors({ status: 422, body: error("machine limit reached") });
    expect(write).toMatchObject({ kind: "quota", scope: null, holderId: null });
  });

  it("blacks out a token that Fly echoes, and cuts long pages to one line", async () => {
    const { read } = await errors({ status: 401, body: error(`bad token FlyV1 ${TOKEN}`) });
    expect(read.message).toContain("[token]");
    expect(read.message).not.toContain("VerySecret");
    const long = await errors({ status: 500, body: `<p>\n${"x".repeat(5_000)}` });
    expect(long.read.message.length).toBeLessThan(800);
    expect(long.read.message).not.toContain("\n");
  });

  it("reads Retry-After as seconds and as a date, by the answer's own clock", async () => {
    const wait = async (headers: Record<string, string>) =>
      (await errors({ status: 429, body: "{}", headers }, { now: () => Date.UTC(2026, 0, 1, 12, 0, 0) })).read
        .retryAfterMs;
    expect(await wait({ "retry-after": "2" })).toBe(2_000);
    expect(await wait({ "retry-after": "soon" })).toBeNull();
    expect(await wait({})).toBeNull();
    const date = "Thu, 01 Jan 2026 10:00:00 GMT";
    expect(await wait({ "retry-after": "Thu, 01 Jan 2026 10:00:30 GMT", date })).toBe(30_000);
    expect(await wait({ "retry-after": "Thu, 01 Jan 2026 09:00:00 GMT", date })).toBe(0);
  });
});
