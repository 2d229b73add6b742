import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createFlyMachineApi } from "../../../src/adapters/fly/machine-api.ts";
import type { MachineApiError } from "../../../src/errors.ts";
import type { MachineApi } from "../../../src/ports.ts";
import type { Fault } from "../../../src/sim/fly/faults.ts";
import { CONTRACT_APP as APP, describeMachineApi } from "../../contracts/machine-api.ts";
import { serveShop, TOKEN } from "./simulated.ts";

describeMachineApi("Fly client on the simulated Fly", serveShop);

const errorOf = (promise: Promise<unknown>): Promise<MachineApiError> =>
  promise.then(
    () => {
      throw new Error("the call was expected to fail");
    },
    (error) => error,
  );

describe("the Fly client on bad days", () => {
  let shop: Awaited<ReturnType<typeof serveShop>>;
  let api: MachineApi;
  let startedId: string;
  let stoppedId: string;

  beforeEach(async () => {
    shop = await serveShop();
    api = shop.api;
    const machines = await api.list(APP);
    startedId = machines.find(({ state }) => state === "started")!.id;
    stoppedId = machines.find(({ state }) => state === "stopped")!.id;
  });
  afterEach(() => shop.close());

  const create = () => api.create(APP, { name: "fa-web-fra-9", region: "fra", templateId: startedId });

  it.each<[string, Fault, string]>([
    ["cut before it acted", { kind: "cutBefore", action: "create", count: 1 }, "done"],
    ["408 before it acted", { kind: "timeoutBefore", action: "create", count: 1 }, "done"],
    ["garbage", { kind: "garbage", action: "create", count: 1 }, "done"],
    ["500", { kind: "serverError", action: "create", count: 1 }, "done"],
    ["cut after it acted", { kind: "cutAfter", action: "create", count: 1 }, "nameTaken"],
    ["408 after it acted", { kind: "timeoutAfter", action: "create", count: 1 }, "nameTaken"],
  ])("a create that met %s is ambiguous; the next one of that name tells", async (_what, fault, then) => {
    shop.fly.addFault(fault);
    const error = await errorOf(create());
    expect(error.kind).toBe("ambiguous");
    expect(error.message).toMatch(
      /create machine fa-web-fra-9 in fra for app shop.*look before trying again/,
    );
    const second = await create().then(
      () => "done",
      (refusal: MachineApiError) => refusal.kind,
    );
    expect(second).toBe(then);
    expect((await api.list(APP)).filter(({ name }) => name === "fa-web-fra-9")).toHaveLength(1);
  });

  it.each<Fault>([
    { kind: "cutBefore", action: "list" },
    { kind: "timeoutBefore", action: "list" },
    { kind: "garbage", action: "list" },
    { kind: "serverError", action: "list", statusCode: 503, retryAfterSeconds: 7 },
  ])("a list that met $kind is transient", async (fault) => {
    shop.fly.addFault(fault);
    const error = await errorOf(api.list(APP));
    expect(error.kind).toBe("transient");
    expect(error.retryAfterMs).toBe(fault.retryAfterSeconds === undefined ? null : 7_000);
  });

  it("nothing was changed when reading the template or the machine to stop failed", async () => {
    shop.fly.addFault({ kind: "serverError", action: "get" });
    const log = shop.fly.log().length;
    expect((await errorOf(create())).kind).toBe("transient");
    expect((await errorOf(api.stop(APP, startedId))).kind).toBe("transient");
    expect(shop.fly.log()).toHaveLength(log);
  });

  it("a silent Fly ends at the timeout: writes ambiguous, reads transient", async () => {
    shop.fly.addFault({ kind: "hang" });
    const hasty = createFlyMachineApi({ baseUrl: shop.url, tokens: TOKEN, fetch, timeoutMs: 100 });
    const start = await errorOf(hasty.start(APP, stoppedId));
    expect(start.kind).toBe("ambiguous");
    expect(start.message).toMatch(/no answer within 100 ms/);
    expect((await errorOf(hasty.list(APP))).kind).toBe("transient");
  });

  it("a Fly that is not there is transient for writes too: nothing was sent", async () => {
    await shop.close();
    const error = await errorOf(api.start(APP, stoppedId));
    expect(error.kind).toBe("transient");
    expect(error.message).toMatch(/not reached.*ECONNREFUSED/);
  });

  it("says rateLimited with the time to wait", async () => {
    shop.fly.addFault({ kind: "rateLimited", action: "start", retryAfterSeconds: 3 });
    const error = await errorOf(api.start(APP, stoppedId));
    expect(error).toMatchObject({ kind: "rateLimited", retryAfterMs: 3_000 });
    expect(error.message).toMatch(/wait 3 s/);
  });

  it.each([
    ["noCapacity", "region"],
    ["hostFull", "host"],
  ] as const)("says capacity on %s, and that it is the %s's", async (kind, scope) => {
    shop.fly.addFault({ kind });
    expect(await errorOf(create())).toMatchObject({ kind: "capacity", scope });
    expect(await errorOf(api.start(APP, stoppedId))).toMatchObject({ kind: "capacity", scope: "host" });
  });

  it("says leaseHeld while a deploy holds the machine", async () => {
    await fetch(`${shop.url}/v1/apps/${APP}/machines/${startedId}/lease`, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}` },
      body: '{"ttl":60}',
    });
    const error = await errorOf(api.stop(APP, startedId));
    expect(error.kind).toBe("leaseHeld");
    expect(error.message).toContain(startedId);
    expect(error.requestId).not.toBeNull();
    expect(error.message).toContain(error.requestId);
  });

  it("says wrongState for a start during boot from nothing, alreadyDone once it is on its way", async () => {
    const { id } = await create();
    expect((await errorOf(api.start(APP, id))).kind).toBe("wrongState");
    shop.fly.sleep(9_500);
    expect(await api.start(APP, id)).toBe("alreadyDone");
  });

  it("says auth for a wrong token, for another app, and without any, where nothing is sent", async () => {
    const wrong = createFlyMachineApi({ baseUrl: shop.url, tokens: "fm2_wrong", fetch, timeoutMs: 5_000 });
    expect((await errorOf(wrong.list(APP))).kind).toBe("auth");
    const plain = createFlyMachineApi({ baseUrl: shop.url, tokens: TOKEN, fetch, timeoutMs: 5_000 });
    expect((await errorOf(plain.list("blog"))).kind).toBe("auth");
    const none = () => Promise.reject(new Error("nothing should be sent"));
    const bare = createFlyMachineApi({ baseUrl: shop.url, tokens: "", fetch: none, timeoutMs: 5_000 });
    const error = await errorOf(bare.list(APP));
    expect(error.kind).toBe("auth");
    expect(error.message).toMatch(/no token is set for app shop.*FLY_API_TOKEN/);
  });

  it("accepts the base URL with and without /v1 and slashes", async () => {
    for (const end of ["", "/", "/v1", "/v1/"]) {
      const other = createFlyMachineApi({
        baseUrl: shop.url + end,
        tokens: TOKEN,
        fetch,
        timeoutMs: 5_000,
      });
      expect(await other.list(APP)).toHaveLength(4);
    }
  });

  it("refuses ids that would address something else", async () => {
    for (const id of ["", ".", ".."]) expect((await errorOf(api.stop(APP, id))).kind).toBe("invalid");
    expect((await errorOf(api.start(APP, "../../blog/machines"))).kind).toBe("notFound");
  });

  it("keeps the clone's whole configuration and pins its image", async () => {
    const { id } = await create();
    const show = async (machineId: string) => {
      const url = `${shop.url}/v1/apps/${APP}/machines/${machineId}`;
      return (await (await fetch(url, { headers: { authorization: `Bearer ${TOKEN}` } })).json()) as Record<
        string,
        Record<string, unknown>
      >;
    };
    const [template, clone] = [await show(startedId), await show(id)];
    const image = `registry.fly.io/${APP}:deployment-01@${template.image_ref!.digest}`;
    expect(clone.config).toEqual({ ...template.config, image });
  });

  it("never shows the token", async () => {
    const secret = TOKEN.slice(4);
    const wrong = createFlyMachineApi({
      baseUrl: shop.url,
      tokens: `blog=${TOKEN}`,
      fetch,
      timeoutMs: 5_000,
    });
    shop.fly.addFault({ kind: "serverError", action: "create" });
    shop.fly.addFault({ kind: "cutBefore", action: "start" });
    const calls = [create, () => api.start(APP, stoppedId), () => wrong.list("blog"), () => wrong.list(APP)];
    for (const call of calls) {
      const error = await errorOf(call());
      expect(`${error.stack} ${JSON.stringify(error)} ${error.cause}`).not.toContain(secret);
    }
  });
});
