import { describe, expect, it } from "vitest";
import type { Demand } from "../../../src/sim/fly/options.ts";
import { call, idOf, json, START, smallFly } from "./helpers.ts";

const MINUTE = 60_000;
const shop = (region: string, count: number, state: "started" | "stopped" = "started") => [
  { name: "shop", machines: [{ region, count, state }] },
];

describe("ledger", () => {
  it("is right on an example worked by hand", () => {
    // One machine of 500 a minute serves. At second 42 another is started: 2 s boot, so it is billed from 44 s (16 s of the
    // minute) and serves from 45 s (15 s = 0.25). Capacity 1.25 × 500 = 625 against 700. The next minute has both.
    const fly = smallFly({
      callMs: 0,
      apps: [{ name: "shop", machines: [{ region: "iad" }, { region: "iad", state: "stopped" }] }],
      demand: () => 700,
    });
    fly.sleep(42_000);
    call(fly, `POST /machines/${idOf(fly, "stopped")}/start`);
    fly.advanceTo(START + 2 * MINUTE);
    const place = { app: "shop", processGroup: "app", region: "iad", demand: 700, recorded: true };
    expect(fly.ledger()).toEqual([
      {
        ...place,
        at: START,
        billed: 1 + 16 / 60,
        serving: 1.25,
        capacity: 625,
        short: true,
        unservedRequests: 75,
      },
      {
        ...place,
        at: START + MINUTE,
        billed: 2,
        serving: 2,
        capacity: 1000,
        short: false,
        unservedRequests: 0,
      },
    ]);
  });

  it("writes a row a pool and minute, asking the demand of that minute", () => {
    const asked: string[] = [];
    const demand: Demand = (app, group, region, minute) => {
      asked.push(`${app}/${group}/${region}@${(minute - START) / MINUTE}`);
      return 10;
    };
    const fly = smallFly({ demand });
    fly.sleep(2 * MINUTE - 1);
    expect(fly.ledger()).toHaveLength(2);
    fly.sleep(1);
    expect(asked).toEqual(["shop/app/iad@0", "shop/app/ams@0", "shop/app/iad@1", "shop/app/ams@1"]);
    expect(
      fly
        .ledger()
        .filter((row) => row.short)
        .map((row) => row.region),
    ).toEqual(["ams", "ams"]);
  });

  it("neither scores nor bills a minute without a record", () => {
    const fly = smallFly({ apps: shop("iad", 1), demand: () => null });
    fly.sleep(MINUTE);
    expect(fly.ledger()).toMatchObject([{ recorded: false, demand: 0, billed: 0, short: false, serving: 1 }]);
  });

  it("bills a cordoned machine and does not count it as serving", () => {
    const fly = smallFly({ callMs: 0, apps: shop("iad", 1) });
    const id = idOf(fly, "started");
    call(fly, `POST /machines/${id}/cordon`);
    fly.sleep(MINUTE);
    call(fly, `POST /machines/${id}/uncordon`);
    fly.sleep(MINUTE);
    expect(fly.ledger()).toMatchObject([
      { billed: 1, serving: 0 },
      { billed: 1, serving: 1 },
    ]);
    expect(fly.log().map((entry) => entry.action)).toEqual(["cordon", "uncordon"]);
  });

  it("begins at ledgerFrom, on a whole minute, with whole counts", () => {
    const fly = smallFly({ start: START + 30_000, ledgerFrom: START + 90_000, apps: shop("iad", 3) });
    fly.advanceTo(START + 4 * MINUTE);
    expect(fly.ledger()).toMatchObject([
      { at: START + 2 * MINUTE, billed: 3, serving: 3 },
      { at: START + 3 * MINUTE, billed: 3, serving: 3 },
    ]);
  });

  it("moves a machine to another pool with its process group", () => {
    const fly = smallFly({ callMs: 0, apps: shop("iad", 2) });
    call(fly, `POST /machines/${idOf(fly, "started")}/metadata/fly_process_group`, { value: "worker" });
    fly.sleep(MINUTE);
    expect(fly.ledger()).toMatchObject([
      { processGroup: "app", serving: 1 },
      { processGroup: "worker", serving: 1 },
    ]);
  });

  it("is the same whether time passes in one jump or in many", () => {
    const run = (stepMs: number) => {
      const fly = smallFly({ callMs: 0, boot: { jitter: 0.5 }, demand: () => 1200 });
      call(fly, `POST /machines/${idOf(fly, "stopped")}/start`);
      while (fly.now() < START + 5 * MINUTE) fly.sleep(stepMs);
      return fly.ledger();
    };
    expect(run(5 * MINUTE)).toEqual(run(1500));
  });

  it("follows sixty days of three pools with machines that come and go", () => {
    const regions = ["iad", "ams", "nrt"];
    const machines = regions.map((region) => ({ region, count: 5 }));
    const fly = smallFly({ callMs: 0, apps: [{ name: "shop", machines }], demand: () => 2000 });
    const ids = fly.machines().map((machine) => machine.id);
    for (let hour = 0; hour < 60 * 24; hour++) {
      const id = ids[hour % ids.length];
      call(fly, `POST /machines/${id}/${hour % 2 ? "start" : "stop"}`);
      fly.sleep(60 * MINUTE);
    }
    expect(fly.ledger()).toHaveLength(60 * 1440 * 3);
    expect(fly.ledger().every((row) => row.billed >= row.serving && row.billed <= 5)).toBe(true);
  });

  it("refuses to go back, and loses the pools of a lost app or region", () => {
    const fly = smallFly();
    expect(() => fly.advanceTo(START - 1)).toThrow("only runs forward");
    expect(fly.removeRegion("iad")).toBe(2);
    fly.sleep(MINUTE);
    expect(fly.ledger().map((row) => row.region)).toEqual(["ams"]);
    const codes = (json(call(fly, "GET //platform/regions")).regions as { code: string }[]).map(
      (row) => row.code,
    );
    expect(codes).not.toContain("iad");
    expect(call(fly, "POST /machines", { region: "iad", config: { image: "i" } }).status).toBe(400);
    expect(fly.removeApp("shop")).toBe(true);
    expect(call(fly, "GET /machines").status).toBe(404);
    expect(fly.log().map((entry) => [entry.region, entry.by])).toEqual([
      ["iad", "fault"],
      ["iad", "fault"],
      ["ams", "person"],
    ]);
  });
});
