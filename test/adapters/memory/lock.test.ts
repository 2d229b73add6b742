import { describe, expect, it } from "vitest";
import { createMemoryLock } from "../../../src/adapters/memory/lock.ts";
import { describeLock } from "../../contracts/lock.ts";

describeLock("memory", async () => ({ lock: createMemoryLock(Date.now) }));

describe("createMemoryLock", () => {
  it("expires at the very end of its time to live, by the clock it was handed", async () => {
    let now = 1_000;
    const lock = createMemoryLock(() => now);
    await lock.acquire("k", "one", 500);
    now = 1_499;
    expect(await lock.acquire("k", "two", 500)).toBe("held");
    now = 1_500;
    expect(await lock.release("k", "one")).toBe(false);
    expect(await lock.acquire("k", "two", 500)).toBe("acquired");
  });
});
