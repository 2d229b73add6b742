// A lease is given back in every path: the work done, refused, cut off; and where it cannot be given back, it ends by itself.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { whileLeased } from "../../../src/adapters/fly/while-leased.ts";
import type { MachineApiError } from "../../../src/errors.ts";
import type { Fault } from "../../../src/sim/fly/faults.ts";
import { CONTRACT_APP as APP } from "../../contracts/machine-api.ts";
import { serveShop } from "./simulated.ts";

let shop: Awaited<ReturnType<typeof serveShop>>;
let id: string;
beforeEach(async () => {
  shop = await serveShop();
  id = shop.fly.machines().find(({ state }) => state === "started")!.id;
});
afterEach(() => shop.close());

const stop = () => shop.api.stop(APP, id).catch((error: MachineApiError) => error);
const actionsOf = () => Object.keys(shop.fly.tally());

describe("a stop", () => {
  it("reads the machine, takes its lease, stops it with the nonce, gives the lease back", async () => {
    expect(await stop()).toBe("done");
    expect(shop.fly.tally()).toEqual({
      "get 200": 1,
      "leaseAcquire 201": 1,
      "leaseRelease 200": 1,
      "stop 200": 1,
    });
  });

  it("asks for nothing but the machine where it stands already", async () => {
    shop.fly.person(APP, id, "stop");
    expect(await stop()).toBe("alreadyDone");
    expect(actionsOf()).toEqual(["get 200"]);
  });

  it.each<[string, Fault, string]>([
    ["refused", { kind: "rateLimited", action: "stop" }, "rateLimited"],
    ["cut before it acted", { kind: "cutBefore", action: "stop" }, "ambiguous"],
    ["cut after it acted", { kind: "cutAfter", action: "stop" }, "ambiguous"],
    ["a timeout", { kind: "timeoutAfter", action: "stop" }, "ambiguous"],
    ["garbage", { kind: "garbage", action: "stop" }, "ambiguous"],
  ])("that ends %s gives the lease back, and says how it ended", async (_how, fault, kind) => {
    shop.fly.addFault(fault);
    expect(await stop()).toMatchObject({ kind });
    expect(await shop.leases()).toBe(0);
    expect(shop.fly.tally()["leaseRelease 200"]).toBe(1);
  });

  it("is done though the lease could not be given back; that one ends by itself, within twice a call's time", async () => {
    shop.fly.addFault({ kind: "cutBefore", action: "leaseRelease" });
    expect(await stop()).toBe("done");
    expect(await shop.leases()).toBe(1);
    shop.fly.sleep(10_000);
    expect(await shop.leases()).toBe(0);
    expect(await shop.api.start(APP, id)).toBe("done");
  });

  it("is refused, by name, while somebody else holds the machine, and takes nothing from them", async () => {
    await shop.hold(id);
    const error = (await stop()) as MachineApiError;
    expect(error.kind).toBe("leaseHeld");
    expect(error.message).toMatch(/deployer@example.*leave it for this tick/);
    expect(await shop.leases()).toBe(1);
    expect(actionsOf()).not.toContain("stop 200");
  });

  it("was not done where the lease may have been taken in vain, and nothing is in doubt but the lease", async () => {
    shop.fly.addFault({ kind: "cutAfter", action: "leaseAcquire", count: 1 });
    const error = (await stop()) as MachineApiError;
    expect(error.kind).toBe("transient");
    expect(error.message).toMatch(/Cannot stop machine .*lease may have been taken in vain, for 10 s/);
    expect(shop.fly.machines().find((machine) => machine.id === id)?.state).toBe("started");
    expect(await stop()).toMatchObject({ kind: "leaseHeld" });
    shop.fly.sleep(10_000);
    expect(await stop()).toBe("done");
  });
});

describe("whileLeased", () => {
  const on = () => ({ app: APP, id, task: "try something", ttlSeconds: 5 });

  it("gives the lease back when the work throws what is nobody's", async () => {
    const work = () => Promise.reject(new Error("out of memory"));
    await expect(whileLeased(shop.client.leases, on(), work)).rejects.toThrow("out of memory");
    expect(await shop.leases()).toBe(0);
  });

  it("dies with its process: the lease ends by itself", async () => {
    void whileLeased(shop.client.leases, on(), () => new Promise<never>(() => {}));
    await expect.poll(() => shop.leases()).toBe(1);
    await expect(shop.api.start(APP, id)).rejects.toMatchObject({ kind: "leaseHeld" });
    shop.fly.sleep(5_000);
    expect(await shop.leases()).toBe(0);
  });
});
