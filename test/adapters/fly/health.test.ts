import { afterEach, beforeEach, expect, it } from "vitest";
import { createFlyHealth } from "../../../src/adapters/fly/health.ts";
import { CONTRACT_APP } from "../../contracts/machine-api.ts";
import { serveShop, TOKEN } from "./simulated.ts";

let shop: Awaited<ReturnType<typeof serveShop>>;
beforeEach(async () => {
  shop = await serveShop();
});
afterEach(() => shop.close());

function health(app: string = CONTRACT_APP, tokens = TOKEN) {
  let now = 0;
  const fly = { baseUrl: shop.url, tokens, fetch, timeoutMs: 2_000 };
  return createFlyHealth(fly, app, { now: () => (now += 7) })();
}

it("is an answer and its latency, also where it is that there is no such app, or too many questions", async () => {
  expect(await health()).toEqual({ ok: true, latencyMs: 7, why: null });
  expect(await health("no-such-app")).toEqual({ ok: true, latencyMs: 7, why: null });
  shop.fly.addFault({ kind: "rateLimited", action: "list", count: 1 });
  expect(await health()).toEqual({ ok: true, latencyMs: 7, why: null });
});

it("says why there is none, and never with what", async () => {
  const refused = await health(CONTRACT_APP, "fm2_another-one-altogether");
  expect(refused).toMatchObject({ ok: false, latencyMs: 7, why: expect.stringMatching(/401|403/) });
  expect(refused.why).not.toMatch(/another-one/);
  shop.fly.addFault({ kind: "serverError", action: "list", count: 1 });
  expect(await health()).toMatchObject({ ok: false, why: expect.stringMatching(/500/) });
  await shop.close();
  expect(await health()).toMatchObject({ ok: false });
});
