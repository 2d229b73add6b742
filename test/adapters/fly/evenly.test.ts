import { expect, test } from "vitest";
import { createEvenly } from "../../../src/adapters/fly/evenly.ts";
import { createTimerClock } from "../../support/timer-clock.ts";

test("calls of one key leave a second apart after a burst of two, in the order of coming; other keys at once", async () => {
  const clock = createTimerClock(0);
  const evenly = createEvenly(clock);
  const left: string[] = [];
  const call = async (key: string, name: string) => {
    await evenly(key);
    left.push(`${name} ${clock.now()}`);
  };
  const calls = ["a", "b", "c", "d"].map((name) => call("machine shop", name));
  await clock.drive(Promise.all([...calls, call("machine blog", "e"), call("volume shop", "f")]));
  expect(left.sort()).toEqual(["a 0", "b 0", "c 1000", "d 2000", "e 0", "f 0"]);
});
