import { describe, expect, test } from "vitest";
import type { LastAsked, Machine, MachineState } from "../../src/core/fleet.ts";
import { MINUTE_MS } from "../../src/core/time.ts";
import { detectOverride } from "../../src/tick/detect-override.ts";
import { machine, NOW } from "../core/examples.ts";

const SEEN_AT = NOW - 15 * MINUTE_MS;
const byUser = (verb: LastAsked["verb"], at = NOW - MINUTE_MS): LastAsked => ({ verb, by: "user", at });

const detect = (
  before: MachineState,
  now: Partial<Machine>,
  more: { explained?: string[]; seconds?: number } = {},
) =>
  detectOverride(
    [
      { id: "m0", state: "started", seenAt: SEEN_AT },
      { id: "m1", state: before, seenAt: SEEN_AT },
    ],
    [machine("m0"), machine("m1", { lastAsked: byUser(before === "started" ? "stop" : "start"), ...now })],
    new Set(more.explained),
    more.seconds ?? 3_600,
    NOW,
  );

describe("a machine that a person moved", () => {
  test("stopped: the pool is kept at what is left", () => {
    expect(detect("started", { state: "stopped" })).toEqual({
      machineId: "m1",
      seenAt: NOW,
      until: NOW + 3_600_000,
      workers: 1,
      what: "machine m1 was stopped by hand",
    });
  });

  test("started: the pool is kept at what is there now", () => {
    expect(detect("stopped", { state: "started" }, { seconds: 60 })).toMatchObject({
      until: NOW + 60_000,
      workers: 2,
      what: "machine m1 was started by hand",
    });
  });

  test("suspended, resumed, or still on the way up counts as well", () => {
    expect(detect("started", { state: "suspended" })).not.toBeNull();
    expect(detect("suspended", { state: "started" })).not.toBeNull();
    expect(detect("stopped", { state: "starting" })).not.toBeNull();
  });
});

describe("no override", () => {
  test.each<[string, MachineState, Partial<Machine>]>([
    ["stands as it was left", "started", { state: "started" }],
    ["was stopping and has stopped", "stopping", { state: "stopped" }],
    ["was starting and has stopped", "starting", { state: "stopped" }],
    ["crashed after a user had started it", "started", { state: "stopped", lastAsked: byUser("start") }],
    [
      "was woken by Fly's proxy",
      "stopped",
      { state: "started", lastAsked: { ...byUser("start"), by: "proxy" } },
    ],
    ["has no events", "started", { state: "stopped", lastAsked: null }],
    [
      "was asked before the last tick saw it",
      "stopped",
      { state: "started", lastAsked: byUser("start", SEEN_AT - 5 * MINUTE_MS) },
    ],
    ["failed", "started", { state: "failed" }],
    ["is being replaced by a deploy", "started", { state: "replacing" }],
    ["is taken out of traffic and stopped", "started", { state: "stopped", cordoned: true }],
  ])("%s", (_, before, now) => {
    expect(detect(before, now)).toBeNull();
  });

  test("our own open intent explains its machine", () => {
    expect(detect("started", { state: "stopped" }, { explained: ["m1"] })).toBeNull();
    expect(detect("started", { state: "stopped" }, { explained: ["m0"] })).not.toBeNull();
  });

  test("machines that appear or vanish", () => {
    const vanished = detectOverride(
      [{ id: "m1", state: "started", seenAt: SEEN_AT }],
      [],
      new Set(),
      3_600,
      NOW,
    );
    const appeared = detectOverride(
      [],
      [machine("m1", { lastAsked: byUser("start") })],
      new Set(),
      3_600,
      NOW,
    );
    expect([vanished, appeared]).toEqual([null, null]);
  });

  test("where the owner wants none", () => {
    expect(detect("started", { state: "stopped" }, { seconds: 0 })).toBeNull();
  });
});
