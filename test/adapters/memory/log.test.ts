import { describe, expect, it } from "vitest";
import { createMemoryLog } from "../../../src/adapters/memory/log.ts";

describe("memory log", () => {
  it("collects lines as they were when they came", () => {
    const { log, lines } = createMemoryLog();
    const facts = { app: "shop", ms: 12 };
    log("observe", facts);
    facts.ms = 99;
    log("decide", {});
    expect(lines).toEqual([
      { step: "observe", facts: { app: "shop", ms: 12 } },
      { step: "decide", facts: {} },
    ]);
  });
});
