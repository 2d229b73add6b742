import { describe, expect, it } from "vitest";
import { createMemoryClock } from "../../../src/adapters/memory/clock.ts";

describe("memory clock", () => {
  it("stands still until it is slept or set", async () => {
    const clock = createMemoryClock(1_000);
    expect([clock.now(), clock.now()]).toEqual([1_000, 1_000]);
    await clock.sleep(250);
    expect(clock.now()).toBe(1_250);
    clock.set(500);
    expect(clock.now()).toBe(500);
  });

  it("ends two sleeps together that began together, and adds up those in a row", async () => {
    const clock = createMemoryClock(0);
    await Promise.all([clock.sleep(100), clock.sleep(300), clock.sleep(200)]);
    expect(clock.now()).toBe(300);
    await clock.sleep(100);
    await clock.sleep(100);
    expect(clock.now()).toBe(500);
  });
});
