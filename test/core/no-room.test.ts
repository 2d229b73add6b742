import { describe, expect, it } from "vitest";
import { type NoRoom, nextNoRoom, noRoomAfter, sayNoRoom } from "../../src/core/no-room.ts";
import { HOUR_MS, MINUTE_MS } from "../../src/core/time.ts";
import { NOW } from "./examples.ts";

const create = { kind: "create", machineName: "n", templateId: "t" } as const;
const start = { kind: "start", machineId: "m1" } as const;
const region: NoRoom = noRoomAfter(create, "region", NOW);
const host: NoRoom = noRoomAfter(start, "host", NOW);

describe("what is remembered of a refusal", () => {
  it("is of the pool for a create, of the machine for a start, for half an hour", () => {
    expect(region).toEqual({ machineId: null, since: NOW, until: NOW + 30 * MINUTE_MS, why: "region" });
    expect(host).toEqual({ machineId: "m1", since: NOW, until: NOW + 30 * MINUTE_MS, why: "host" });
  });

  it("lasts a day where Fly closed the region", () => {
    expect(noRoomAfter(create, "closed", NOW).until).toBe(NOW + 24 * HOUR_MS);
  });
});

describe("nextNoRoom", () => {
  it("keeps what was not tried and is not over", () => {
    expect(nextNoRoom([region, host], [], NOW + MINUTE_MS)).toEqual([region, host]);
    expect(nextNoRoom([region, host], [], NOW + 30 * MINUTE_MS)).toEqual([]);
  });

  it("forgets what worked, and sets anew what was refused again", () => {
    const again = noRoomAfter(create, "region", NOW + MINUTE_MS);
    expect(nextNoRoom([region, host], [{ machineId: null, refused: null }], NOW)).toEqual([host]);
    expect(nextNoRoom([region, host], [{ machineId: null, refused: again }], NOW)).toEqual([host, again]);
  });

  it("is one for many refusals of one kind, and for a success among them", () => {
    const tried = [region, region].map((refused) => ({ machineId: null, refused }));
    expect(nextNoRoom([], tried, NOW)).toEqual([region]);
    expect(nextNoRoom([], [{ machineId: null, refused: null }, ...tried], NOW)).toEqual([region]);
  });
});

it("is said with its place and both times", () => {
  expect(sayNoRoom(region, "fra")).toBe(
    "Fly had no room for new machines in fra at 2026-06-17T12:00:00Z; asked again from 2026-06-17T12:30:00Z on",
  );
  expect(sayNoRoom(noRoomAfter(create, "volume", NOW), "fra")).toMatch(/no room for its volumes in fra/);
  expect(sayNoRoom(noRoomAfter(create, "closed", NOW), "yul")).toMatch(
    /^Fly closed yul to new machines; asked again/,
  );
});
