import { describe, expect, it } from "vitest";
import { takeToken, WRITE_RATE } from "../../../src/sim/fly/limits.ts";
import { call, create, idOf, smallFly } from "./helpers.ts";

describe("takeToken", () => {
  it("allows a burst of three, then one a second; a refused call costs nothing", () => {
    const buckets = new Map();
    const at = (ms: number) => takeToken(buckets, "start/a", WRITE_RATE, ms);
    expect([at(0), at(0), at(0), at(0), at(999), at(1000), at(1001)]).toEqual([
      true,
      true,
      true,
      false,
      false,
      true,
      false,
    ]);
    expect(takeToken(buckets, "start/b", WRITE_RATE, 1001)).toBe(true);
  });
});

describe("rate limits of the API", () => {
  const limited = () => smallFly({ limits: true, callMs: 0 });

  it("refuses the fourth create of an app at once with 429, and allows it a second later", () => {
    const fly = limited();
    expect([1, 2, 3, 4].map(() => create(fly).status)).toEqual([200, 200, 200, 429]);
    fly.sleep(1000);
    expect(create(fly).status).toBe(200);
    expect(fly.tally()).toMatchObject({ "create 200": 4, "create 429": 1 });
  });

  it("gives each machine and each action its own bucket, and more room to reading one machine", () => {
    const fly = limited();
    const [a, b] = fly.machines();
    for (let i = 0; i < 3; i++) call(fly, `POST /machines/${a?.id}/start`);
    expect(call(fly, `POST /machines/${a?.id}/start`).status).toBe(429);
    expect(call(fly, `POST /machines/${b?.id}/start`).status).toBe(200);
    expect(call(fly, `POST /machines/${a?.id}/cordon`).status).toBe(200);
    const reads = Array.from({ length: 11 }, () => call(fly, `GET /machines/${a?.id}`).status);
    expect(reads).toEqual([...Array(10).fill(200), 429]);
  });

  it("sends no Retry-After of its own and can be switched off", () => {
    const fly = limited();
    const id = idOf(fly, "stopped");
    const answers = Array.from({ length: 4 }, () => call(fly, `POST /machines/${id}/start`));
    expect(answers[3]?.headers).not.toHaveProperty("retry-after");
    const free = smallFly({ limits: false, callMs: 0 });
    expect(Array.from({ length: 9 }, () => create(free).status)).toEqual(Array(9).fill(200));
  });
});
