import { describe, expect, it } from "vitest";
import { createMemoryNotifier } from "../../../src/adapters/memory/notifier.ts";

describe("memory notifier", () => {
  it("counts heartbeats", async () => {
    const notifier = createMemoryNotifier();
    await notifier.heartbeat();
    await notifier.heartbeat();
    expect(notifier.heartbeats()).toBe(2);
  });
});
