import { describe, expect, it } from "vitest";
import { isPlatformMachine, stateOf, toMachine } from "../../../src/adapters/fly/machine.ts";
import { machineShape } from "../../../src/adapters/fly/shapes.ts";

const V2 = { fly_platform_version: "v2" };
const read = (fields: Record<string, unknown> = {}) =>
  machineShape.parse({ id: "178", state: "started", region: "fra", ...fields });
const withMetadata = (metadata: unknown, fields = {}) => read({ config: { metadata }, ...fields });

describe("toMachine", () => {
  it("reads everything from a full answer", () => {
    const machine = withMetadata(
      { ...V2, fly_process_group: "web" },
      {
        name: "amber-1",
        created_at: "2026-06-01T10:00:00Z",
        cordoned: true,
        checks: [{ name: "c", status: "passing" }],
        events: [
          { type: "exit", source: "flyd", timestamp: 5 },
          { type: "stop", source: "user", timestamp: 9 },
        ],
      },
    );
    expect(toMachine(machine)).toEqual({
      id: "178",
      name: "amber-1",
      region: "fra",
      processGroup: "web",
      state: "started",
      health: "passing",
      cordoned: true,
      createdAt: Date.UTC(2026, 5, 1, 10),
      lastAsked: { verb: "stop", by: "user", at: 9 },
      size: null,
      hasVolume: false,
      hasChecks: true,
    });
  });

  it("knows of volumes only where the whole configuration is told, and takes an odd one for a volume", () => {
    expect(toMachine(read({ config: {} })).hasVolume).toBe(false);
    expect(toMachine(read({ config: { mounts: [] } })).hasVolume).toBe(false);
    for (const mounts of [[{ volume: "vol_1" }], "odd", {}])
      expect(toMachine(read({ config: { mounts } })).hasVolume).toBe(true);
    for (const rest of [{}, { config: null, incomplete_config: { mounts: [] } }])
      expect(toMachine(read(rest))).not.toHaveProperty("hasVolume");
  });

  it("knows what Fly can suspend: up to 2 GB, without swap, schedule or GPU", () => {
    const guest = { cpu_kind: "shared", cpus: 1, memory_mb: 2_048 };
    const can = (config: unknown) => toMachine(read({ config })).maySuspend === true;
    expect(can({ guest })).toBe(true);
    expect(can({ guest, init: { swap_size_mb: 0 } })).toBe(true);
    expect(can({ guest: { ...guest, memory_mb: 2_304 } })).toBe(false);
    expect(can({ guest: { ...guest, gpu_kind: "a10" } })).toBe(false);
    expect(can({ guest, init: { swap_size_mb: 512 } })).toBe(false);
    expect(can({ guest, schedule: "daily" })).toBe(false);
    expect(can({})).toBe(false);
    expect(toMachine(read({ config: null, incomplete_config: { guest } })).maySuspend).toBeUndefined();
  });

  it("makes do with the least, and with side fields of wrong types", () => {
    const least = {
      name: "",
      processGroup: "app",
      health: "unknown",
      cordoned: false,
      createdAt: 0,
      lastAsked: null,
      size: null,
    };
    expect(toMachine(read())).toMatchObject(least);
    const odd = { name: 7, cordoned: "no", created_at: "?", checks: "none", events: {}, image_ref: [] };
    expect(toMachine(read(odd))).toMatchObject(least);
  });

  it("adds the soft limits of its services up, Fly's default where one does not say", () => {
    const limit = (services: unknown) => toMachine(read({ config: { services } })).softLimit;
    const of = (soft_limit: unknown) => ({
      internal_port: 80,
      concurrency: { type: "requests", soft_limit },
    });
    expect(limit([of(50), of(25)])).toBe(75);
    expect(limit([of(50), {}, of("many"), null])).toBe(110);
    expect("softLimit" in toMachine(read({ config: { services: [] } }))).toBe(false);
    expect("softLimit" in toMachine(read())).toBe(false);
  });

  it("reads the size, and takes half a size for none", () => {
    const guest = { cpu_kind: "shared", cpus: 2, memory_mb: 512, gpu_kind: "a10" };
    expect(toMachine(read({ config: { guest } })).size).toEqual({
      cpuKind: "shared",
      cpus: 2,
      memoryMb: 512,
    });
    expect(toMachine(read({ incomplete_config: { guest } })).size).not.toBeNull();
    for (const odd of [{ ...guest, cpus: "2" }, { cpus: 2 }, "small", null]) {
      expect(toMachine(read({ config: { guest: odd } })).size).toBeNull();
    }
  });

  it("refuses a machine without id, state or region", () => {
    for (const field of ["id", "state", "region"]) expect(() => read({ [field]: undefined })).toThrow(field);
  });

  it.each([
    [{ fly_process_group: "web", process_group: "old" }, "web"],
    [{ process_group: "old" }, "old"],
    [{ fly_process_group: "" }, "app"],
    [{ fly_process_group: 5 }, "app"],
    [undefined, "app"],
  ])("reads the process group of %j", (metadata, group) => {
    expect(toMachine(withMetadata(metadata)).processGroup).toBe(group);
  });

  it("reads the group of a machine whose host does not answer", () => {
    const machine = read({ config: null, incomplete_config: { metadata: { fly_process_group: "web" } } });
    expect(toMachine(machine).processGroup).toBe("web");
  });

  it.each([
    ["started", "started"],
    ["launch-failed", "launch_failed"],
    ["launch_failed", "launch_failed"],
    ["hibernating", "unknown"],
  ])("reads the state %s as %s", (word, state) => {
    expect(stateOf(word)).toBe(state);
  });

  it.each([
    [["passing", "passing"], "started", "passing"],
    [["passing", "critical"], "started", "failing"],
    [["passing", "warning"], "started", "unknown"],
    [["passing", null], "started", "unknown"],
    [[], "started", "unknown"],
    [["critical"], "stopped", "unknown"],
    [["passing"], "stopping", "unknown"],
  ])("reads the checks %j of a %s machine as %s", (statuses, state, health) => {
    const checks = statuses.map((status) => ({ status }));
    expect(toMachine(read({ state, checks })).health).toBe(health);
  });
});

describe("the release of a machine", () => {
  it.each([
    [
      { fly_release_id: "rel_a", fly_release_version: "12" },
      { id: "rel_a", version: 12 },
    ],
    [{ fly_release_id: "rel_a" }, { id: "rel_a", version: null }],
    [{ fly_release_version: "12" }, { id: "12", version: 12 }],
    [
      { fly_release_id: "rel_a", fly_release_version: "twelve" },
      { id: "rel_a", version: null },
    ],
    [{ fly_release_id: 7 }, undefined],
    [{}, undefined],
  ])("%j is %j", (metadata, release) => {
    expect(toMachine(withMetadata(metadata)).release).toEqual(release);
  });
});

describe("the version of a machine", () => {
  it("is read in both spellings, the newer one first", () => {
    const versions = [{ version: "v2", instance_id: "v1" }, { instance_id: "v1" }, {}].map(
      (fields) => read(fields).version,
    );
    expect(versions).toEqual(["v2", "v1", null]);
  });
});

describe("isPlatformMachine", () => {
  it.each([
    ["a machine of a group", withMetadata({ fly_process_group: "web" }), true],
    ["a machine of the platform without a group", withMetadata(V2), true],
    ["the release command", withMetadata({ ...V2, fly_process_group: "fly_app_release_command" }), false],
    ["a console", withMetadata({ ...V2, fly_process_group: "fly_app_console" }), false],
    ["somebody's own machine", withMetadata({}), false],
    ["a destroyed machine", withMetadata(V2, { state: "destroyed" }), false],
    ["a machine being destroyed", withMetadata(V2, { state: "destroying" }), false],
    ["a replaced version", withMetadata(V2, { state: "replaced" }), false],
    ["a state of tomorrow", withMetadata(V2, { state: "hibernating" }), true],
  ])("%s: %s", (_what, machine, expected) => {
    expect(isPlatformMachine(machine)).toBe(expected);
  });
});
