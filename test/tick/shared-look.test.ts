import { expect, test } from "vitest";
import { sharedLook } from "../../src/tick/shared-look.ts";

/** A look that answers how many looks began before it, when it is told to. */
function scene() {
  let looks = 0;
  const open: ((fail?: Error) => void)[] = [];
  const ask = sharedLook(
    () =>
      new Promise<number>((resolve, reject) => {
        const mine = ++looks;
        open.push((fail) => (fail === undefined ? resolve(mine) : reject(fail)));
      }),
  );
  const settle = async (fail?: Error) => {
    open.shift()?.(fail);
    for (let i = 0; i < 5; i++) await Promise.resolve();
  };
  return { ask, settle, looks: () => looks };
}

test("who asks during a look waits for the next one, all of them for the same", async () => {
  const { ask, settle, looks } = scene();
  const first = ask();
  const others = [ask(), ask(), ask()];
  expect(looks()).toBe(1);
  await settle();
  expect(looks()).toBe(2);
  const late = ask();
  await settle();
  await settle();
  expect(await first).toBe(1);
  expect(await Promise.all(others)).toEqual([2, 2, 2]);
  expect(await late).toBe(3);
});

test("one after the other each has a look of its own", async () => {
  const { ask, settle } = scene();
  for (const nth of [1, 2, 3]) {
    const answer = ask();
    await settle();
    expect(await answer).toBe(nth);
  }
});

test("a look that fails fails for those who waited for it alone", async () => {
  const { ask, settle } = scene();
  const first = ask();
  const second = ask();
  const failing = expect(first).rejects.toThrow("reset");
  await settle(new Error("reset"));
  await settle();
  await failing;
  expect(await second).toBe(2);
  const third = ask();
  await settle();
  expect(await third).toBe(3);
});
