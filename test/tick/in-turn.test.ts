import { expect, test } from "vitest";
import { inTurn } from "../../src/tick/in-turn.ts";

test("answers in the items' order, whatever the order in which they end", async () => {
  const gates = [3, 1, 2].map((turns) => async () => {
    for (let i = 0; i < turns; i++) await Promise.resolve();
    return turns;
  });
  expect(await inTurn(gates, 3, (gate) => gate())).toEqual([3, 1, 2]);
});

test.each([1, 2, 5])("never more than %i at a time, and as many as that", async (limit) => {
  let running = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++running);
    await Promise.resolve();
    running -= 1;
  };
  await inTurn([1, 2, 3, 4, 5, 6, 7], limit, work);
  expect(most).toBe(limit);
});

test("nothing to do is done", async () => {
  expect(await inTurn([], 4, async () => 1)).toEqual([]);
});

test("what fails is told", async () => {
  const work = async (item: number) => (item === 2 ? Promise.reject(new Error("two")) : item);
  await expect(inTurn([1, 2, 3], 1, work)).rejects.toThrow("two");
});
