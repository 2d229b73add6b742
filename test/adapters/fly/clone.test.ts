import { describe, expect, it } from "vitest";
import { cloneConfig } from "../../../src/adapters/fly/clone.ts";
import { machineShape } from "../../../src/adapters/fly/shapes.ts";

const IMAGE = { registry: "registry.fly.io", repository: "shop", tag: "d1", digest: "sha256:abc" };
const template = (fields: Record<string, unknown>) =>
  machineShape.parse({ id: "t", state: "started", region: "fra", ...fields });

describe("cloneConfig", () => {
  it("keeps all of the configuration, known to us or not, and pins the image", () => {
    const config = {
      image: "registry.fly.io/shop:d1",
      env: { A: "1" },
      guest: { cpus: 1 },
      metadata: { x: "y" },
      of_tomorrow: [1],
    };
    expect(cloneConfig(template({ config, image_ref: IMAGE }))).toEqual({
      config: { ...config, image: "registry.fly.io/shop:d1@sha256:abc" },
    });
  });

  it("keeps the image as it is where its digest is not known", () => {
    const config = { image: "nginx:1" };
    expect(cloneConfig(template({ config }))).toEqual({ config });
    expect(cloneConfig(template({ config, image_ref: { ...IMAGE, digest: null } }))).toEqual({ config });
  });

  it("makes no standby of a standby's clone, and leaves the template as it was", () => {
    const machine = template({
      config: { image: "i", standbys: ["x"], env: { FLY_STANDBY_FOR: "x", A: "1" } },
    });
    expect(cloneConfig(machine)).toEqual({ config: { image: "i", env: { A: "1" } } });
    expect(machine.config).toHaveProperty("standbys");
  });

  it("leaves mounts to who finds volumes for them", () => {
    const config = { image: "i", mounts: [{ volume: "vol_1", path: "/d" }] };
    expect(cloneConfig(template({ config }))).toEqual({ config });
  });

  it("refuses a template whose host is away", () => {
    expect(cloneConfig(template({ incomplete_config: { image: "i" } }))).toMatchObject({
      kind: "wrongState",
    });
    expect(cloneConfig(template({ config: { image: "i" }, host_status: "unreachable" }))).toMatchObject({
      kind: "wrongState",
    });
  });
});
