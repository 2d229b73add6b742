import { describe, expect, it } from "vitest";
import { call, create, idOf, json, START, smallFly } from "./helpers.ts";

describe("wait", () => {
  it("moves the clock to the moment the state is reached", () => {
    const fly = smallFly({ callMs: 0 });
    const id = idOf(fly, "stopped");
    call(fly, `POST /machines/${id}/start`);
    const answer = call(fly, `GET /machines/${id}/wait?state=started&timeout=30`);
    expect(answer).toMatchObject({ status: 200, body: { ok: true, state: "started" } });
    expect(fly.now()).toBe(START + 2000);
    expect(answer.headers["x-simulated-now"]).toBe(`${START + 2000}`);
  });

  it("answers 408 at the timeout and says where the machine is", () => {
    const fly = smallFly({ callMs: 0 });
    const { id } = json(create(fly));
    const answer = call(fly, `GET /machines/${id}/wait?timeout=5`);
    const error = "deadline_exceeded: machine failed to reach desired state, started, currently created";
    expect(answer).toMatchObject({ status: 408, body: { error } });
    expect(fly.now()).toBe(START + 5000);
  });

  it("takes several states, settled, versions and events", () => {
    const fly = smallFly({ callMs: 0 });
    const id = idOf(fly, "started");
    call(fly, `POST /machines/${id}/stop`);
    const wait = (query: string) => call(fly, `GET /machines/${id}/wait?${query}`);
    expect(wait("state=stopped,failed").body).toMatchObject({ state: "stopped" });
    expect(wait("state=started&state=settled").status).toBe(200);
    const { version, event_id } = json(wait("state=stopped"));
    expect(wait(`state=stopped&version=${version}`).status).toBe(200);
    expect(wait("state=stopped&version=01OLD").status).toBe(404);
    expect(wait(`state=stopped&timeout=1&from_event_id=${event_id}`).status).toBe(408);
  });

  it("sees a machine destroyed, and refuses what is out of range", () => {
    const fly = smallFly();
    const id = idOf(fly, "stopped");
    call(fly, `DELETE /machines/${id}`);
    expect(call(fly, `GET /machines/${id}/wait?state=destroyed`).status).toBe(200);
    expect(json(call(fly, `GET /machines/${id}/wait?timeout=90`)).error).toContain("inside range [1s, 1m0s]");
    expect(call(fly, `GET /machines/${id}/wait?state=happy`).status).toBe(400);
  });
});
