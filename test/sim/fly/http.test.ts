import { afterEach, describe, expect, it } from "vitest";
import { type ServedFly, serveFly } from "../../../src/sim/fly/http.ts";
import { idOf, START, smallFly, TOKEN } from "./helpers.ts";

type Fields = Record<"ids" | "rows" | "machines" | "log" | "events", unknown[]> & { error: string };

const open: ServedFly[] = [];

async function serve(options = {}) {
  const fly = smallFly(options);
  const served = await serveFly(fly, { hangRealMs: 100 });
  open.push(served);
  const send = async (address: string, body?: unknown) => {
    const [method = "", path = ""] = address.split(" ");
    const text = body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body);
    return fetch(served.url + path, { method, body: text, headers: { authorization: `Bearer ${TOKEN}` } });
  };
  const read = async (address: string, body?: unknown) =>
    (await (await send(address, body)).json()) as Fields;
  return { fly, send, read, served };
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((served) => served.close()));
});

describe("the HTTP face", () => {
  it("speaks Fly's API: list, start, wait on the virtual clock", async () => {
    const { fly, send, read } = await serve();
    const id = idOf(fly, "stopped");
    expect(await read("GET /v1/apps/shop/machines?region=ams")).toMatchObject([{ id, state: "stopped" }]);
    await read(`POST /v1/apps/shop/machines/${id}/start`);
    const waited = await send(`GET /v1/apps/shop/machines/${id}/wait?state=started`);
    expect(waited.headers.get("x-simulated-now")).toBe(`${fly.now()}`);
    expect(waited.headers.get("fly-request-id")).toMatch(/-sim$/);
    expect(await waited.json()).toMatchObject({ ok: true });
    expect(fly.now()).toBe(START + 50 + 50 + 2000);
  });

  it("answers 204 without a body, 401 and bad JSON as Fly does", async () => {
    const { fly, send, served } = await serve();
    const path = `/v1/apps/shop/machines/${idOf(fly, "stopped")}/metadata/a`;
    const made = await send(`POST ${path}`, { value: "1" });
    expect([made.status, await made.text()]).toEqual([204, ""]);
    expect((await fetch(`${served.url}/v1/apps/shop/machines`)).status).toBe(401);
    const bad = await send("POST /v1/apps/shop/machines", "{not json");
    expect([bad.status, ((await bad.json()) as Fields).error]).toEqual([
      400,
      expect.stringContaining("JSON object"),
    ]);
  });

  it("destroys the connection of a cut call after it acted, and of a hanging one when its time is up", async () => {
    const { fly, send, read } = await serve();
    const path = `/v1/apps/shop/machines/${idOf(fly, "stopped")}/start`;
    await read("POST /_sim/faults", [
      { kind: "cutAfter", action: "start", count: 1 },
      { kind: "hang", action: "list", count: 1 },
    ]);
    await expect(send(`POST ${path}`)).rejects.toThrow();
    expect(fly.log()).toMatchObject([{ action: "start", by: "api" }]);
    await expect(send("GET /v1/apps/shop/machines")).rejects.toThrow();
    expect((await send("GET /v1/apps/shop/machines")).status).toBe(200);
  });

  it("closes at once though a client hangs", async () => {
    const fly = smallFly();
    fly.addFault({ kind: "hang" });
    const served = await serveFly(fly, { hangRealMs: 3_600_000 });
    const hanging = fetch(`${served.url}/v1/platform/regions`).catch((error: unknown) => error);
    while (fly.tally()["regions hang"] === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
    await served.close();
    expect(await hanging).toBeInstanceOf(Error);
  });

  it("sends garbage as HTML", async () => {
    const { fly, send } = await serve();
    fly.addFault({ kind: "garbage" });
    const answer = await send("GET /v1/apps/shop/machines");
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
  });
});

describe("the controls", () => {
  it("read and move the clock", async () => {
    const { read, send } = await serve();
    expect(await read("POST /_sim/clock", { advanceMs: 1000 })).toMatchObject({ now: START + 1000 });
    expect(await read("POST /_sim/clock", { to: "2026-01-05T01:00:00Z" })).toMatchObject({
      now: START + 3_600_000,
    });
    expect(await read("GET /_sim/clock")).toEqual({
      now: START + 3_600_000,
      iso: "2026-01-05T01:00:00.000Z",
    });
    expect((await send("POST /_sim/clock", { to: START })).status).toBe(400);
    expect((await send("POST /_sim/clock", {})).status).toBe(400);
    expect((await send("POST /_sim/clock", "nonsense")).status).toBe(400);
  });

  it("switch faults on and off, and refuse unknown ones by name", async () => {
    const { read, send } = await serve();
    const { ids } = await read("POST /_sim/faults", { kind: "noCapacity", region: "ams" });
    expect(await read("GET /_sim/faults")).toEqual({
      faults: [{ kind: "noCapacity", region: "ams", id: ids[0] }],
    });
    expect(await read(`DELETE /_sim/faults/${ids[0]}`)).toEqual({ removed: 1 });
    const refused = await send("POST /_sim/faults", { kind: "flood" });
    expect([refused.status, ((await refused.json()) as Fields).error]).toEqual([
      400,
      expect.stringContaining("must be one of"),
    ]);
    await read("POST /_sim/faults", [{ kind: "hang" }, { kind: "garbage" }]);
    expect(await read("DELETE /_sim/faults")).toEqual({ removed: 2 });
  });

  it("let a person act, whom only the log can tell from us", async () => {
    const { fly, read, send } = await serve();
    const machineId = idOf(fly, "started");
    expect(await read("POST /_sim/person", { app: "shop", machineId, action: "stop" })).toEqual({
      changed: true,
      state: "stopping",
    });
    expect((await read("GET /_sim/log")).log).toMatchObject([{ machineId, action: "stop", by: "person" }]);
    expect((await read(`GET /v1/apps/shop/machines/${machineId}`)).events[0]).toMatchObject({
      type: "stop",
      source: "user",
    });
    expect((await send("POST /_sim/person", { app: "shop", machineId, action: "dance" })).status).toBe(400);
    expect((await send("POST /_sim/person", { app: "shop", machineId: "x", action: "stop" })).status).toBe(
      404,
    );
  });

  it("deploy blue-green, step by step", async () => {
    const { fly, read, send } = await serve();
    const step = (word: string) => ({ app: "shop", processGroup: "app", step: word });
    expect(await read("POST /_sim/deploy", step("begin"))).toEqual({ machines: 2 });
    expect(fly.machines().filter(({ cordoned }) => cordoned)).toHaveLength(2);
    expect(await read("POST /_sim/deploy", step("finish"))).toEqual({ machines: 2 });
    expect((await send("POST /_sim/deploy", step("paint"))).status).toBe(400);
  });

  it("show ledger, machines and tally, and remove regions and apps", async () => {
    const { read, send } = await serve();
    await read("POST /_sim/clock", { advanceMs: 180_000 });
    expect((await read("GET /_sim/ledger")).rows).toHaveLength(6);
    expect((await read(`GET /_sim/ledger?from=${START + 120_000}`)).rows).toHaveLength(2);
    expect((await read("GET /_sim/machines")).machines).toHaveLength(3);
    expect(await read("POST /_sim/remove", { region: "iad" })).toEqual({ machines: 2 });
    expect((await send("POST /_sim/remove", { app: "shop" })).status).toBe(200);
    expect((await send("POST /_sim/remove", { app: "shop" })).status).toBe(404);
    await send("GET /v1/apps/shop/machines");
    expect(await read("GET /_sim/tally")).toEqual({ tally: { "list 404": 1 } });
    expect((await send("GET /_sim/nothing")).status).toBe(404);
  });
});
