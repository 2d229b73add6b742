import { describe, expect, it } from "vitest";
import { call, create, idOf, json, list, smallFly } from "./helpers.ts";

describe("volumes", () => {
  it("are made, mounted by one machine, and free again when it is gone", () => {
    const fly = smallFly();
    const { id } = json(call(fly, "POST /volumes", { name: "data", region: "iad", size_gb: 3 }));
    const config = { image: "i", mounts: [{ volume: id, path: "/data" }] };
    const machine = json(create(fly, { config })).id;
    expect(json(call(fly, `GET /volumes/${id}`))).toMatchObject({ size_gb: 3, attached_machine_id: machine });
    expect(create(fly, { config })).toMatchObject({
      status: 412,
      body: { error: expect.stringContaining("already in use") },
    });
    expect(call(fly, `DELETE /volumes/${id}`).status).toBe(412);
    call(fly, `DELETE /machines/${machine}?force=true`);
    fly.sleep(1000);
    expect(json(call(fly, `GET /volumes/${id}`)).attached_machine_id).toBeNull();
    expect(call(fly, `DELETE /volumes/${id}`).status).toBe(200);
    expect(call(fly, "GET /volumes").body).toEqual([]);
  });

  it("are refused in the wrong region, with a wrong name, and when unknown", () => {
    const fly = smallFly();
    const { id } = json(call(fly, "POST /volumes", { name: "data", region: "ams" }));
    const mounts = [{ volume: id, path: "/data" }];
    expect(create(fly, { config: { image: "i", mounts } }).status).toBe(400);
    expect(call(fly, "POST /volumes", { name: "No!", region: "ams" }).status).toBe(400);
    expect(call(fly, "POST /volumes", { name: "data", region: "yul" }).status).toBe(400);
    expect(call(fly, "GET /volumes/vol_none").status).toBe(404);
  });
});

describe("metadata", () => {
  it("sets, reads and removes one key", () => {
    const fly = smallFly();
    const key = `/machines/${idOf(fly, "stopped")}/metadata/team`;
    expect(call(fly, `GET ${key}`).status).toBe(404);
    expect(call(fly, `POST ${key}`, { value: "red" })).toMatchObject({ status: 204, body: null });
    expect(call(fly, `GET ${key}`).body).toEqual({ value: "red" });
    expect(call(fly, `POST ${key}`, { value: 1 }).status).toBe(400);
    call(fly, `DELETE ${key}`);
    expect(call(fly, `GET ${key}`).status).toBe(404);
  });

  it("merges in bulk, removes by null or empty, and locks on the version", () => {
    const fly = smallFly();
    const machine = `/machines/${idOf(fly, "stopped")}`;
    const { instance_id } = json(call(fly, `GET ${machine}`));
    const patch = (body: object) => call(fly, `PATCH ${machine}/metadata`, body).status;
    expect(patch({ metadata: { a: "1", b: "2" }, machine_version: instance_id })).toBe(204);
    expect(patch({ metadata: { a: null, b: "" } })).toBe(204);
    expect(patch({ metadata: { a: "1" }, machine_version: "01OLD" })).toBe(412);
    expect(patch({ metadata: { a: 1 } })).toBe(400);
    const left = json(call(fly, `GET ${machine}/metadata`));
    expect(left).toMatchObject({ fly_process_group: "app" });
    expect(Object.keys(left)).not.toContain("a");
    expect(call(fly, `PUT ${machine}/metadata`, { metadata: { fly_process_group: "worker" } }).status).toBe(
      204,
    );
    expect(list(fly, "?metadata.fly_process_group=worker")).toHaveLength(1);
  });
});
