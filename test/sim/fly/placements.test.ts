import { describe, expect, it } from "vitest";
import type { Fly } from "../../../src/sim/fly/fly.ts";
import type { Json } from "../../../src/sim/fly/options.ts";
import { call, json, smallFly } from "./helpers.ts";

const ask = (fly: Fly, body: Json) =>
  call(fly, "POST //platform/placements", { org_slug: "personal", ...body });
const rows = (fly: Fly, body: Json) => json(ask(fly, body)).regions;

describe("placements", () => {
  it("fills the regions in their order, as far as there is room", () => {
    const fly = smallFly({ capacity: { iad: 3, ams: 1 } });
    expect(rows(fly, { region: "iad,ams,lhr", count: 4 })).toEqual([
      { region: "iad", count: 1, concurrency: 1 },
      { region: "ams", count: 1, concurrency: 1 },
      { region: "lhr", count: 2, concurrency: 2 },
    ]);
    expect(rows(fly, { region: "iad", count: 1 })).toHaveLength(1);
  });

  it("tells each region's limit where no count is asked for, and names no region that is closed or full", () => {
    const fly = smallFly({ capacity: { iad: 2 } });
    expect(rows(fly, { region: "iad,yul,lhr" })).toEqual([{ region: "lhr", count: 50, concurrency: 50 }]);
  });

  it("makes nothing", () => {
    const fly = smallFly();
    ask(fly, { region: "any", count: 5 });
    expect(fly.machines()).toHaveLength(3);
  });

  it("refuses what is malformed", () => {
    const fly = smallFly();
    expect(call(fly, "POST //platform/placements", {}).status).toBe(400);
    expect(ask(fly, { org_slug: "other" }).status).toBe(404);
    expect(ask(fly, { count: -1 }).status).toBe(400);
    expect(ask(fly, { region: 5 }).status).toBe(400);
  });
});
