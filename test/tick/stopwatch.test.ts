import { expect, test } from "vitest";
import { createMemoryClock } from "../../src/adapters/memory/clock.ts";
import { stopwatch } from "../../src/tick/stopwatch.ts";

test("tells each step's milliseconds, also of one that fails, and answers what the step answered", async () => {
  const clock = createMemoryClock(1_000);
  const watch = stopwatch(clock);
  expect(await watch.step("list", () => clock.sleep(12.4).then(() => "answer"))).toBe("answer");
  const failing = watch.step("stop", async () => {
    await clock.sleep(30);
    throw new Error("refused");
  });
  await expect(failing).rejects.toThrow("refused");
  const told = watch.ms();
  expect(told).toEqual({ list: 12, stop: 30 });
  await watch.step("close", async () => {});
  expect(told, "what was told stays as it was").toEqual({ list: 12, stop: 30 });
});
