import { describe, expect, it } from "vitest";
import type { Json } from "../../../src/sim/fly/options.ts";
import { call, idOf, list, smallFly } from "./helpers.ts";

const releases = (rows: readonly Json[]) =>
  rows.map((row) => (row.config as { metadata: Json }).metadata.fly_release_version).sort();

describe("a blue-green deploy", () => {
  it("begins with as many new machines, cordoned, of the next release, beside leased old ones", () => {
    const fly = smallFly();
    expect(fly.deploy("shop", "app", "begin")).toMatchObject({ status: 200, body: { machines: 2 } });
    const rows = list(fly);
    expect(releases(rows)).toEqual(["1", "1", "1", "2", "2"]);
    expect(rows.filter(({ cordoned }) => cordoned)).toHaveLength(2);
    const refused = call(fly, `POST /machines/${idOf(fly, "started")}/stop`);
    expect(refused).toMatchObject({
      status: 409,
      body: { message: expect.stringMatching(/lease currently held by/) },
    });
    expect(
      call(fly, `POST /machines/${idOf(fly, "stopped")}/start`).status,
      "a stopped one is not leased",
    ).toBe(200);
  });

  it("finishes with the new ones routed and the old ones gone", () => {
    const fly = smallFly();
    fly.deploy("shop", "app", "begin");
    fly.sleep(30_000);
    expect(fly.deploy("shop", "app", "finish")).toMatchObject({ status: 200, body: { machines: 2 } });
    fly.sleep(5_000);
    const rows = list(fly).filter(({ state }) => state === "started");
    expect(releases(rows)).toEqual(["2", "2"]);
    expect(rows.some(({ cordoned }) => cordoned)).toBe(false);
    const created = fly.log().filter(({ action }) => action === "create");
    expect(created.map(({ by }) => by)).toEqual(["person", "person"]);
  });

  it("refuses to finish what was not begun, and an app that is not there", () => {
    expect(smallFly().deploy("shop", "app", "finish").status).toBe(400);
    expect(smallFly().deploy("none", "app", "begin").status).toBe(404);
  });
});
