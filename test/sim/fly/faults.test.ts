import { describe, expect, it } from "vitest";
import { type Fault, readFault } from "../../../src/sim/fly/faults.ts";
import { call, create, idOf, json, START, smallFly, stateOf } from "./helpers.ts";

function withFault(fault: Fault) {
  const fly = smallFly();
  fly.addFault(fault);
  return fly;
}

describe("faults before the act", () => {
  it.each([
    [
      { kind: "rateLimited", retryAfterSeconds: 7 },
      { status: 429, headers: { "retry-after": "7" } },
    ],
    [{ kind: "serverError" }, { status: 500 }],
    [{ kind: "serverError", statusCode: 503 }, { status: 503 }],
    [{ kind: "timeoutBefore" }, { status: 408 }],
    [{ kind: "cutBefore" }, { delivery: "cut", body: null }],
    [{ kind: "garbage" }, { status: 200, body: expect.stringContaining("<!doctype html>") }],
    [
      { kind: "hang", hangMs: 30_000 },
      { delivery: "hang", body: null },
    ],
  ] as [Fault, object][])("%o does nothing to Fly", (fault, want) => {
    const fly = withFault({ ...fault, action: "create", count: 1 });
    expect(create(fly, { name: "fa-1" })).toMatchObject(want);
    expect(fly.log()).toEqual([]);
    expect(fly.now()).toBe(START + 50 + (fault.hangMs ?? 0));
    expect(create(fly, { name: "fa-1" })).toMatchObject({ status: 200, delivery: "sent" });
  });
});

describe("faults after the act", () => {
  it.each([
    [{ kind: "timeoutAfter" }, { status: 408 }],
    [{ kind: "cutAfter" }, { delivery: "cut" }],
  ] as [Fault, object][])("%o hides that the machine was made", (fault, want) => {
    const fly = withFault({ ...fault, action: "create", count: 1 });
    expect(create(fly, { name: "fa-1" })).toMatchObject(want);
    expect(fly.log()).toMatchObject([{ action: "create", name: "fa-1" }]);
    expect(create(fly, { name: "fa-1" }).status).toBe(409);
  });
});

describe("faults of placing", () => {
  it("noCapacity empties one region for creates and starts", () => {
    const fly = withFault({ kind: "noCapacity", region: "ams" });
    expect(create(fly, { region: "ams" })).toMatchObject({
      status: 422,
      body: { status: "insufficient_capacity" },
    });
    expect(json(create(fly, { region: "ams,fra" })).region).toBe("fra");
    expect(call(fly, `POST /machines/${idOf(fly, "stopped")}/start`).status).toBe(409);
    expect(create(fly).status).toBe(200);
  });

  it("leaves a suspended machine its room", () => {
    const fly = withFault({ kind: "noCapacity", region: "iad" });
    const id = idOf(fly, "started");
    call(fly, `POST /machines/${id}/suspend`);
    fly.sleep(1000);
    expect(call(fly, `POST /machines/${id}/start`).status).toBe(200);
  });

  it("hostFull is a 409 with text and no status", () => {
    const fly = withFault({ kind: "hostFull" });
    const answer = create(fly);
    expect(answer).toMatchObject({ status: 409, body: { error: expect.stringContaining("current host") } });
    expect(answer.body).not.toHaveProperty("status");
  });
});

describe("faults of booting", () => {
  it("slowBoot takes as long as it says", () => {
    const fly = withFault({ kind: "slowBoot", action: "start", bootMs: 100_000 });
    const id = idOf(fly, "stopped");
    call(fly, `POST /machines/${id}/start`);
    fly.sleep(99_999);
    expect(stateOf(fly, id)).toBe("starting");
    fly.sleep(1);
    expect(stateOf(fly, id)).toBe("started");
  });

  it.each(["failed", "stopped"] as const)(
    "bootFails ends %s with an exit event and a log line",
    (endState) => {
      const fly = withFault({ kind: "bootFails", endState });
      const id = idOf(fly, "stopped");
      call(fly, `POST /machines/${id}/start`);
      fly.sleep(2000);
      expect(stateOf(fly, id)).toBe(endState);
      expect(json(call(fly, `GET /machines/${id}`)).events).toMatchObject([
        { type: "exit", status: endState, request: { exit_event: { exit_code: 1, requested_stop: false } } },
        { type: "start", status: "starting" },
        { type: "launch" },
      ]);
      expect(fly.log().at(-1)).toMatchObject({ action: "fail", by: "fault", from: "starting", to: endState });
    },
  );

  it("launch_failed ends in destroyed", () => {
    const fly = withFault({ kind: "bootFails", endState: "launch_failed" });
    const { id } = json(create(fly));
    fly.sleep(12_000);
    expect(stateOf(fly, `${id}`)).toBe("destroyed");
  });
});

describe("rules", () => {
  it("hit only their action, app and region, as often and as long as they say", () => {
    const fly = smallFly({ callMs: 0 });
    const id = fly.addFault({ kind: "serverError", action: "list", region: "ams", until: START + 1000 });
    expect(call(fly, "GET /machines").status).toBe(200);
    expect(call(fly, "GET /machines?region=ams").status).toBe(500);
    fly.sleep(1000);
    expect(call(fly, "GET /machines?region=ams").status).toBe(200);
    expect(fly.clearFaults(id)).toBe(1);
    expect(fly.faults()).toEqual([]);
  });

  it("draw by probability, each rule from its own stream", () => {
    const statuses = (extra: Fault[]) => {
      const fly = smallFly();
      fly.addFault({ kind: "serverError", action: "list", probability: 0.3 });
      for (const fault of extra) fly.addFault(fault);
      return Array.from({ length: 300 }, () => call(fly, "GET /machines").status);
    };
    const alone = statuses([]);
    const failed = alone.filter((status) => status === 500).length;
    expect(failed).toBeGreaterThan(60);
    expect(failed).toBeLessThan(120);
    const both = statuses([{ kind: "rateLimited", action: "list", probability: 0.5 }]);
    expect(both.map((status) => status === 500)).toEqual(alone.map((status) => status === 500));
  });

  it("are read strictly from outside", () => {
    expect(() => readFault({ kind: "flood" })).toThrow("must be one of rateLimited");
    expect(() => readFault({ kind: "hang", probabilty: 1 })).toThrow("unknown fields probabilty");
    expect(() => readFault({ kind: "hang", probability: 2 })).toThrow("fault.probability is 2");
    expect(() => readFault(null)).toThrow("JSON object");
  });
});
