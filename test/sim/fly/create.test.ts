import { describe, expect, it } from "vitest";
import { call, create, idOf, json, list, smallFly, stateOf } from "./helpers.ts";

describe("create", () => {
  it("passes created, starting, started and carries what was sent", () => {
    const fly = smallFly();
    const made = json(create(fly, { name: "fa-1" }));
    expect(made).toMatchObject({ name: "fa-1", state: "created", region: "iad" });
    expect(made.id).toMatch(/^[0-9a-f]{14}$/);
    expect(made.instance_id).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
    expect(made.image_ref).toMatchObject({ registry: "registry.fly.io", repository: "shop", tag: "1" });
    fly.sleep(9000);
    expect(stateOf(fly, `${made.id}`)).toBe("starting");
    fly.sleep(2000);
    expect(stateOf(fly, `${made.id}`)).toBe("started");
  });

  it("refuses a taken name with the id of the machine that has it, and frees it with the machine", () => {
    const fly = smallFly();
    const { id } = json(create(fly, { name: "fa-1" }));
    const again = create(fly, { name: "fa-1" });
    const text = `already_exists: unique machine name violation, machine ID ${id} already exists with name "fa-1"`;
    expect(again).toMatchObject({ status: 409, body: { error: text } });
    call(fly, `DELETE /machines/${id}?force=true`);
    fly.sleep(2000);
    expect(create(fly, { name: "fa-1" }).status).toBe(200);
  });

  it("lags in lists but not by id", () => {
    const fly = smallFly({ listLagMs: 5000 });
    const { id } = json(create(fly));
    expect(list(fly).map((row) => row.id)).not.toContain(id);
    expect(json(call(fly, "GET //orgs/personal/machines")).machines).toHaveLength(3);
    expect(call(fly, `GET /machines/${id}`).status).toBe(200);
    fly.sleep(5000);
    expect(list(fly).map((row) => row.id)).toContain(id);
  });

  it("answers 422 for a full region, 412 with a volume, and 409 for a start there", () => {
    const fly = smallFly({ capacity: { iad: 2 } });
    expect(create(fly)).toMatchObject({ status: 422, body: { status: "insufficient_capacity" } });
    const volume = json(call(fly, "POST /volumes", { name: "data", region: "iad" }));
    const config = { image: "i", mounts: [{ volume: volume.id, path: "/data" }] };
    expect(create(fly, { config })).toMatchObject({
      status: 412,
      body: { status: "volume_placement_capacity" },
    });
    const parked = json(create(fly, { skip_launch: true })).id;
    fly.sleep(9000);
    expect(call(fly, `POST /machines/${parked}/start`)).toMatchObject({
      status: 409,
      body: { error: expect.stringContaining("on the current host") },
    });
    call(fly, `POST /machines/${idOf(fly, "started")}/stop`);
    fly.sleep(1000);
    expect(call(fly, `POST /machines/${parked}/start`).status).toBe(200);
  });

  it("keeps the room of a suspended machine", () => {
    const fly = smallFly({ capacity: { iad: 2 } });
    const id = idOf(fly, "started");
    call(fly, `POST /machines/${id}/suspend`);
    fly.sleep(1000);
    expect(create(fly).status).toBe(422);
    expect(call(fly, `POST /machines/${id}/start`).status).toBe(200);
  });

  it("moves on through a list of regions and refuses deprecated and unknown ones", () => {
    const fly = smallFly({ capacity: { lhr: 0 } });
    expect(json(create(fly, { region: "lhr,fra" })).region).toBe("fra");
    expect(json(create(fly, { region: "yul" })).error).toMatch(/^Region yul is deprecated .* such as yyz$/);
    expect(create(fly, { region: "xxx" }).status).toBe(400);
  });

  it("refuses what Fly refuses", () => {
    const fly = smallFly({ machineLimit: 4 });
    expect(call(fly, "POST /machines", { region: "iad" }).status).toBe(400);
    const guest = { cpu_kind: "performance", cpus: 2, memory_mb: 2048 };
    expect(json(create(fly, { config: { image: "i", guest } })).error).toContain("minimum required 4096 MiB");
    expect(create(fly).status).toBe(200);
    expect(create(fly)).toMatchObject({
      status: 422,
      body: { error: expect.stringContaining("machine limit") },
    });
  });
});

describe("a malformed configuration", () => {
  it.each([
    { guest: 1 },
    { metadata: [] },
    { metadata: { a: 1 } },
    { mounts: {} },
    { services: [null] },
    { services: [{ checks: {} }] },
  ])("%o is refused with 400", (part) => {
    const refused = create(smallFly(), { config: { image: "i", ...part } });
    expect(refused).toMatchObject({ status: 400, body: { error: expect.stringContaining("config.") } });
  });
});

describe("lists", () => {
  it("filters by region, state and metadata, and shortens in summary", () => {
    const fly = smallFly();
    expect(list(fly, "?region=ams")).toHaveLength(1);
    expect(list(fly, "?state=stopped,suspended")).toHaveLength(1);
    expect(list(fly, "?metadata.fly_process_group=app")).toHaveLength(3);
    expect(list(fly, "?metadata.fly_process_group=worker")).toHaveLength(0);
    expect(list(fly, "?summary=true")[0]).not.toHaveProperty("config");
  });

  it("pages through the organisation", () => {
    const fly = smallFly();
    const first = json(call(fly, "GET //orgs/personal/machines?limit=2"));
    const second = json(call(fly, `GET //orgs/personal/machines?limit=2&cursor=${first.next_cursor}`));
    const ids = [first, second].flatMap((page) => page.machines as { id: string }[]).map((row) => row.id);
    expect(new Set(ids).size).toBe(3);
    expect(second).not.toHaveProperty("next_cursor");
  });

  it("answers copies: changing one changes nothing", () => {
    const fly = smallFly();
    const configs = () => list(fly).map((row) => row.config as { image: string });
    for (const config of configs()) config.image = "changed";
    expect(configs().map((config) => config.image)).not.toContain("changed");
  });
});

describe("tokens and addresses", () => {
  it("knows its tokens and their apps", () => {
    const tokens = ["all", { token: "one", apps: ["other"] }];
    const fly = smallFly({ tokens, apps: [{ name: "shop" }, { name: "other" }] });
    const as = (authorization: string, path = "//apps/shop/machines") =>
      call(fly, `GET ${path}`, undefined, { authorization });
    expect(as("FlyV1 all").status).toBe(200);
    expect(as("Bearer wrong").status).toBe(401);
    expect(as("").status).toBe(401);
    expect(as("Bearer one").status).toBe(403);
    expect(as("Bearer one", "//apps/other/machines").status).toBe(200);
    expect(json(as("Bearer one", "//tokens/current")).tokens).toMatchObject([{ apps: ["other"] }]);
    expect(as("", "//platform/regions").status).toBe(200);
  });

  it("answers 404 for unknown apps, machines and paths, 400 for a body that is no object", () => {
    const fly = smallFly();
    expect(call(fly, "GET //apps/nope/machines").status).toBe(404);
    expect(call(fly, "GET /machines/00000000000000").status).toBe(404);
    expect(call(fly, "GET //nowhere").status).toBe(404);
    expect(call(fly, "GET //apps/%E0%A4%A").status).toBe(400);
    expect(call(fly, "POST /machines", [1]).status).toBe(400);
    expect(call(fly, "GET //apps").status).toBe(400);
  });
});
