import { describe, expect, it } from "vitest";
import { judge, type MachineState, type Verb } from "../../../src/sim/fly/states.ts";
import { call, create, idOf, json, smallFly, stateOf } from "./helpers.ts";

const TABLE = `
            start   stop    suspend restart update  destroy
created     refused go      refused refused go      go
starting    already refused refused refused refused refused
started     already go      go      go      go      refused
stopping    refused already refused refused refused refused
stopped     go      already refused refused go      go
suspending  go      refused already refused refused refused
suspended   go      go      already refused go      go
restarting  refused refused refused already refused refused
replacing   refused refused refused refused refused refused
destroying  refused refused refused refused refused already
destroyed   refused refused refused refused refused already
failed      go      go      refused refused go      go`;

const [verbs = [], ...rows] = TABLE.trim()
  .split("\n")
  .map((line) => line.trim().split(/\s+/));

describe("judge", () => {
  it.each(rows.map((row) => ({ state: row[0] as MachineState, want: row.slice(1) })))(
    "$state",
    ({ state, want }) => {
      const got = verbs.map((verb) => {
        const verdict = judge(verb as Verb, state);
        return typeof verdict === "string" ? verdict : "refused";
      });
      expect(got).toEqual(want);
    },
  );

  it("destroys anything by force", () => {
    expect(judge("destroy", "started", true)).toBe("go");
    expect(judge("destroy", "replacing", true)).toBe("go");
  });
});

describe("a machine's life", () => {
  it("starts: starting, started, and only then passing checks", () => {
    const fly = smallFly();
    const id = idOf(fly, "stopped");
    const answer = call(fly, `POST /machines/${id}/start`);
    expect(answer).toMatchObject({ status: 200, body: { previous_state: "stopped", migrated: false } });
    expect(stateOf(fly, id)).toBe("starting");
    fly.sleep(2000);
    expect(json(call(fly, `GET /machines/${id}`))).toMatchObject({
      state: "started",
      checks: [{ name: "servicecheck-00-http-8080", status: "critical" }],
    });
    fly.sleep(1000);
    expect(json(call(fly, `GET /machines/${id}`)).checks).toMatchObject([{ status: "passing" }]);
  });

  it("answers 200 to a repeated start and changes nothing", () => {
    const fly = smallFly();
    const id = idOf(fly, "stopped");
    call(fly, `POST /machines/${id}/start`);
    const again = call(fly, `POST /machines/${id}/start`);
    expect(again).toMatchObject({ status: 200, body: { previous_state: "starting" } });
    expect(fly.log()).toHaveLength(1);
  });

  it("stops with an exit event that tells who asked, newest first", () => {
    const fly = smallFly();
    const id = idOf(fly, "started");
    call(fly, `POST /machines/${id}/stop`, { signal: "SIGTERM" });
    fly.sleep(1000);
    const events = call(fly, `GET /machines/${id}/events?limit=2`).body;
    expect(events).toMatchObject([
      { type: "exit", status: "stopped", source: "flyd", request: { exit_event: { requested_stop: true } } },
      { type: "stop", status: "stopping", source: "user" },
    ]);
    expect(call(fly, `POST /machines/${id}/stop`, { signal: "SIGFOO" }).status).toBe(400);
  });

  it("refuses start after a skip_launch create until it is stopped", () => {
    const fly = smallFly();
    const { id } = json(create(fly, { skip_launch: true }));
    const early = call(fly, `POST /machines/${id}/start`);
    const text = "failed_precondition: unable to start machine from current state: 'created'";
    expect(early).toMatchObject({ status: 412, body: { error: text } });
    fly.sleep(9000);
    expect(stateOf(fly, `${id}`)).toBe("stopped");
    expect(call(fly, `POST /machines/${id}/start`).status).toBe(200);
  });

  it("refuses start during an update; a stopped machine stays stopped, a started one comes back", () => {
    const fly = smallFly();
    const config = { image: "registry.fly.io/shop:2" };
    const stopped = idOf(fly, "stopped");
    const started = idOf(fly, "started");
    expect(json(call(fly, `POST /machines/${stopped}`, { config })).state).toBe("replacing");
    call(fly, `POST /machines/${started}`, { config });
    const text = "failed_precondition: machine getting replaced, refusing to start";
    expect(call(fly, `POST /machines/${stopped}/start`)).toMatchObject({
      status: 412,
      body: { error: text },
    });
    fly.sleep(10_000);
    expect(stateOf(fly, stopped)).toBe("stopped");
    expect(json(call(fly, `GET /machines/${started}`))).toMatchObject({ state: "started", config });
  });

  it("replaces the whole configuration under the version lock; name and region stay", () => {
    const fly = smallFly();
    const id = idOf(fly, "stopped");
    const { instance_id } = json(call(fly, `GET /machines/${id}`));
    const config = { image: "registry.fly.io/shop:2" };
    expect(call(fly, `POST /machines/${id}`, { config, region: "fra" }).status).toBe(400);
    expect(call(fly, `POST /machines/${id}`, { config, name: "other" }).status).toBe(400);
    expect(call(fly, `POST /machines/${id}`, { config, current_version: "01OLD" }).status).toBe(409);
    const done = json(call(fly, `POST /machines/${id}`, { config, current_version: instance_id }));
    expect(done.config).not.toHaveProperty("metadata");
    expect(done.instance_id).not.toBe(instance_id);
  });

  it("drops an outdated step: a start that interrupts a suspend takes its own time", () => {
    const fly = smallFly({ callMs: 0 });
    const id = idOf(fly, "started");
    call(fly, `POST /machines/${id}/suspend`);
    call(fly, `POST /machines/${id}/start`);
    fly.sleep(1999);
    expect(stateOf(fly, id)).toBe("starting");
    fly.sleep(1);
    expect(stateOf(fly, id)).toBe("started");
  });

  it("shows a destroyed machine for a while by its id, then 404; lists leave it out", () => {
    const fly = smallFly();
    const id = idOf(fly, "started");
    expect(call(fly, `DELETE /machines/${id}`).status).toBe(412);
    expect(call(fly, `DELETE /machines/${id}?force=true`).status).toBe(200);
    fly.sleep(1000);
    expect(json(call(fly, `GET /machines/${id}`)).state).toBe("destroyed");
    expect(call(fly, "GET /machines").body).toHaveLength(2);
    expect(call(fly, "GET /machines?include_deleted=true").body).toHaveLength(3);
    fly.sleep(10_000);
    expect(call(fly, `GET /machines/${id}`).status).toBe(404);
    expect(call(fly, `DELETE /machines/${id}?force=true`).status).toBe(404);
  });
});
