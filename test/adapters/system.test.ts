import { afterEach, expect, test, vi } from "vitest";
import { createConsoleLog, elapsedMs, newToken, systemClock, underId } from "../../src/adapters/system.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

function captured() {
  const lines: string[] = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
  return { lines, parsed: () => lines.map((line) => JSON.parse(line)) };
}

test("a line is one JSON object with the time, the step, the facts and nothing secret", () => {
  const { parsed, lines } = captured();
  createConsoleLog(["redis-word-12"])("step one", {
    app: "shop\n",
    why: "redis-word-12 and Bearer fa_0123456789",
    step: "x",
  });
  expect(parsed()).toEqual([
    { at: expect.stringMatching(/Z$/), step: "step one", app: "shop\n", why: "[hidden] and Bearer [hidden]" },
  ]);
  expect(lines[0]).not.toContain("\n");
});

test("each line bears the id of the request that it was written for, however they are mixed", async () => {
  const { parsed } = captured();
  const log = createConsoleLog([]);
  const work = async (id: string) => {
    log("first", { id });
    await new Promise((next) => setTimeout(next, id === "a" ? 5 : 1));
    log("second", { id });
  };
  await Promise.all(["a", "b", "c"].map((id) => underId(id, () => work(id))));
  log("outside", {});
  expect(parsed()).toHaveLength(7);
  for (const { id, requestId } of parsed()) expect(requestId).toBe(id);
});

test("a line that is too long is kept as its beginning, with time, step and id", async () => {
  const { lines, parsed } = captured();
  await underId("r-1", async () => createConsoleLog([])("long", { text: "x".repeat(20_000) }));
  expect(lines[0]!.length).toBeLessThan(9_000);
  expect(parsed()[0]).toMatchObject({ step: "long", requestId: "r-1", cut: expect.stringContaining("xxx") });
});

test("clock and chance", () => {
  expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(5_000);
  expect(newToken()).not.toBe(newToken());
  expect(elapsedMs()).toBeLessThanOrEqual(elapsedMs());
});
