import { describe, expect, it } from "vitest";
import { configToKeep, minRunningIn } from "../../../src/adapters/fly/min-running.ts";
import { machineShape } from "../../../src/adapters/fly/shapes.ts";

const SERVICES = [
  { internal_port: 80, autostop: true, min_machines_running: 0, unknown: { kept: true } },
  { internal_port: 81, autostop: "suspend" },
  { internal_port: 82, autostop: "off", min_machines_running: 1 },
];
const config = {
  image: "registry.fly.io/shop:v1",
  env: { PRIMARY_REGION: "fra", A: "b" },
  services: SERVICES,
};
const machine = (changes: object = {}) =>
  machineShape.parse({ id: "m", state: "stopped", region: "fra", instance_id: "v1", config, ...changes });

describe("minRunningIn", () => {
  it("sets each service with autostop on, and nothing else", () => {
    const [first, second, third] = SERVICES;
    expect(minRunningIn(config, "fra", 2)).toEqual({
      ...config,
      services: [{ ...first, min_machines_running: 2 }, { ...second, min_machines_running: 2 }, third],
    });
  });

  it("is nothing where it is so already: no number is zero", () => {
    expect(minRunningIn(config, "fra", 0)).toBeNull();
    expect(minRunningIn(minRunningIn(config, "fra", 2)!, "fra", 2)).toBeNull();
  });

  it("is nothing outside the primary region, and counts where none is told", () => {
    expect(minRunningIn(config, "sin", 2)).toBeNull();
    expect(minRunningIn({ services: SERVICES }, "sin", 2)).not.toBeNull();
    expect(minRunningIn({ services: [] }, "fra", 2)).toBeNull();
    expect(minRunningIn({}, "fra", 2)).toBeNull();
  });
});

describe("configToKeep", () => {
  it("sends the image that the machine has, not what its tag names by now", () => {
    const image_ref = { registry: "registry.fly.io", repository: "shop", tag: "v1", digest: "sha256:1" };
    expect(configToKeep(machine({ image_ref }), 2)).toMatchObject({
      image: "registry.fly.io/shop:v1@sha256:1",
      env: config.env,
    });
    expect(configToKeep(machine(), 2)).toMatchObject({ image: config.image });
  });

  it("touches nothing that is not known in full", () => {
    expect(configToKeep(machine({ host_status: "unreachable" }), 2)).toBeNull();
    expect(configToKeep(machine({ config: null, incomplete_config: config }), 2)).toBeNull();
  });
});
