import { describe, expect, it } from "vitest";
import { createMemoryMachineApi } from "../../../src/adapters/memory/machine-api.ts";
import type { Machine } from "../../../src/core/fleet.ts";
import { CONTRACT_APP, describeMachineApi } from "../../contracts/machine-api.ts";

const NOW = Date.UTC(2026, 5, 1);
const machine = (id: string, changes: Partial<Machine> = {}): Machine => ({
  id,
  name: `m-${id}`,
  region: "fra",
  processGroup: "web",
  state: "started",
  health: "passing",
  cordoned: false,
  createdAt: NOW,
  lastAsked: null,
  size: null,
  release: { id: "rel_1", version: 1 },
  proxy: { autostop: "off", autostart: true, minRunning: 0 },
  ...changes,
});
const machines = [
  machine("a"),
  machine("b"),
  machine("c", {
    ...{ state: "stopped", health: "unknown", hasVolume: false },
    proxy: { autostop: "stop", autostart: true, minRunning: 0 },
  }),
  machine("d", { region: "sin", processGroup: "app" }),
];
const make = () => createMemoryMachineApi({ apps: { [CONTRACT_APP]: machines }, now: () => NOW });

describeMachineApi("memory", async () => {
  const api = make();
  return { api, hold: async (id) => api.hold(CONTRACT_APP, id), leases: async () => api.held() };
});

describe("createMemoryMachineApi", () => {
  it("shows what a person did behind the caller's back", async () => {
    const api = make();
    api.put(CONTRACT_APP, machine("a", { state: "stopped", lastAsked: { verb: "stop", by: "user", at: 5 } }));
    expect((await api.get(CONTRACT_APP, "a")).state).toBe("stopped");
    expect(await api.list(CONTRACT_APP)).toHaveLength(4);
  });

  it("gives a created machine the time that it was handed", async () => {
    const made = await make().create(CONTRACT_APP, { name: "n", region: "ams", templateId: "a" });
    expect(made.createdAt).toBe(NOW);
  });
});
