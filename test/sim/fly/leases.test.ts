import { describe, expect, it } from "vitest";
import { call, create, idOf, json, START, smallFly } from "./helpers.ts";

const NONCE = "fly-machine-lease-nonce";

function held() {
  const fly = smallFly({ callMs: 0 });
  const id = idOf(fly, "started");
  const answer = call(fly, `POST /machines/${id}/lease`, { ttl: 120, description: "deploy" });
  const { nonce } = json(answer).data as { nonce: string };
  return { fly, id, answer, nonce, lease: `/machines/${id}/lease` };
}

describe("leases", () => {
  it("are answered 201 in an envelope and can be read", () => {
    const { fly, answer, lease } = held();
    const expires_at = START / 1000 + 120;
    expect(answer).toMatchObject({
      status: 201,
      body: { status: "success", data: { expires_at, description: "deploy" } },
    });
    expect(call(fly, `GET ${lease}`)).toMatchObject({ status: 200, body: { data: { expires_at } } });
  });

  it("refuse every guarded verb without the nonce with 409 and `message`, and allow it with it", () => {
    const { fly, id, nonce } = held();
    const guarded = ["start", "stop", "suspend", "restart", "cordon", "uncordon"].map(
      (verb) => `POST /machines/${id}/${verb}`,
    );
    for (const address of [...guarded, `DELETE /machines/${id}?force=true`, `POST /machines/${id}`]) {
      const refused = call(fly, address, {}, { [NONCE]: "wrong" });
      expect(refused.status, address).toBe(409);
      expect(json(refused).message).toContain(`machine ID ${id} lease currently held by`);
      expect(refused.body).not.toHaveProperty("error");
    }
    expect(fly.log()).toEqual([]);
    expect(call(fly, `POST /machines/${id}/stop`, {}, { [NONCE]: nonce }).status).toBe(200);
  });

  it("guard neither metadata nor creation nor reading", () => {
    const { fly, id } = held();
    expect(call(fly, `POST /machines/${id}/metadata/a`, { value: "1" }).status).toBe(204);
    expect(call(fly, `GET /machines/${id}`).status).toBe(200);
    expect(create(fly).status).toBe(200);
  });

  it("are refreshed with the nonce, refused to others, and over when they expire", () => {
    const { fly, lease, nonce } = held();
    fly.sleep(60_000);
    expect(call(fly, `POST ${lease}?ttl=120`).status).toBe(409);
    const again = call(fly, `POST ${lease}?ttl=120`, undefined, { [NONCE]: nonce });
    expect(again).toMatchObject({ status: 201, body: { data: { nonce, expires_at: START / 1000 + 180 } } });
    fly.sleep(120_000);
    expect(call(fly, `GET ${lease}`).status).toBe(404);
    expect(call(fly, `POST ${lease}?ttl=1`).status).toBe(201);
  });

  it("are released only with the nonce", () => {
    const { fly, lease, nonce } = held();
    expect(call(fly, `DELETE ${lease}`).status).toBe(400);
    expect(call(fly, `DELETE ${lease}`, undefined, { [NONCE]: "wrong" }).status).toBe(409);
    expect(call(fly, `DELETE ${lease}`, undefined, { [NONCE]: nonce }).status).toBe(200);
    expect(call(fly, `DELETE ${lease}`, undefined, { [NONCE]: nonce }).status).toBe(404);
    expect(call(fly, `POST ${lease}`, { ttl: 0 }).status).toBe(400);
  });

  it("come with a create that asks for one", () => {
    const fly = smallFly();
    const { id, nonce } = json(create(fly, { lease_ttl: 30 }));
    expect(call(fly, `POST /machines/${id}/cordon`).status).toBe(409);
    expect(call(fly, `POST /machines/${id}/cordon`, {}, { [NONCE]: `${nonce}` }).status).toBe(200);
  });
});
