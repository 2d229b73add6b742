import { describe, expect, test } from "vitest";
import type { Lease } from "../../src/ports.ts";
import { withLease } from "../../src/tick/with-lease.ts";
import { NOW } from "../core/examples.ts";
import { memoryScene, type Scene, SETTINGS } from "../support/memory-ports.ts";

const run = <T>({ ports }: Scene, work: (lease: Lease, lock: string) => Promise<T>, slot = NOW) =>
  withLease("shop", slot, SETTINGS, ports, work);
const isFree = async ({ ports }: Scene) =>
  (await ports.lock.acquire("flyahead:tick:shop", "probe", 1)) === "acquired";

describe("the lock and the lease", () => {
  test("are held while the work runs; the lock is free afterwards", async () => {
    const scene = memoryScene({});
    const seen = await run(scene, async (lease, lock) => ({
      lock,
      held: await scene.ports.leases.isHeld(lease),
      free: await isFree(scene),
    }));
    expect(seen).toEqual({ lock: "acquired", held: true, free: false });
    expect(await isFree(scene)).toBe(true);
  });

  test("a held lock is busy, and the lease is not even asked", async () => {
    const scene = memoryScene({});
    await scene.ports.lock.acquire("flyahead:tick:shop", "another", 60_000);
    expect(await run(scene, async () => "worked")).toEqual({ status: "busy", retryAfterMs: 15_000 });
    expect(scene.database.leases.size).toBe(0);
    expect(await isFree(scene), "the other's lock stands").toBe(false);
  });

  test("without the lock the lease decides; a lock whose answer was lost is released all the same", async () => {
    const scene = memoryScene({});
    const released: string[] = [];
    const lock = {
      acquire: async () => "unavailable" as const,
      extend: async () => "unavailable" as const,
      release: async (key: string) => {
        released.push(key);
        return false;
      },
    };
    const away = { ...scene, ports: { ...scene.ports, lock } };
    const inner = await run(away, async (_, locked) => [locked, await run(away, async () => "worked twice")]);
    expect(inner).toEqual(["unavailable", { status: "busy", retryAfterMs: 150_000 }]);
    expect(released).toEqual(["flyahead:tick:shop", "flyahead:tick:shop"]);
  });

  test("work that throws gives both up: the next call is the next attempt, at once", async () => {
    const scene = memoryScene({});
    await expect(run(scene, () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    expect(await run(scene, async ({ attempt }) => attempt)).toBe(2);
  });

  test("a lease that cannot be given up does not hide why the work failed", async () => {
    const scene = memoryScene({});
    const leases = { ...scene.ports.leases, release: () => Promise.reject(new Error("connection lost")) };
    const broken = { ...scene, ports: { ...scene.ports, leases } };
    await expect(run(broken, () => Promise.reject(new Error("the reason")))).rejects.toThrow("the reason");
    expect(scene.log).toEqual([{ step: "release lease", facts: { app: "shop", error: "connection lost" } }]);
    expect(await isFree(scene)).toBe(true);
  });

  test("a slot behind the newest is closed", async () => {
    const scene = memoryScene({});
    await run(scene, async () => "worked");
    expect(await run(scene, async () => "worked", NOW - 1)).toEqual({ status: "closed" });
  });
});
