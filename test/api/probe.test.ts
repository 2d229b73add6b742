import { expect, test, vi } from "vitest";
import { createProbe } from "../../src/api/probe.ts";

const up = async () => {};
const away = () => Promise.reject(new Error("connect ECONNREFUSED with the password"));

test("each dependency with its latency and the breakers before it", async () => {
  let now = 0;
  const slow = async () => {
    now += 12.4;
  };
  const dependencies = [
    { name: "postgres", required: true, check: slow },
    { name: "fly", required: false, check: away },
  ];
  const states = async () => [
    { name: "fly/fra", state: "open" },
    { name: "fly/iad", state: "closed" },
    { name: "flyer", state: "odd" },
  ];
  const probed = await createProbe(dependencies, states, { elapsedMs: () => now })();
  expect(probed).toEqual([
    { name: "postgres", required: true, isUp: true, latencyMs: 12, breakers: {} },
    {
      ...{ name: "fly", required: false, isUp: false, latencyMs: expect.any(Number) },
      breakers: { "fly/fra": "open", "fly/iad": "closed" },
    },
  ]);
  expect(JSON.stringify(probed)).not.toMatch(/ECONN|password/);
});

test("asked often, they are looked at every five seconds at most; who asks meanwhile gets the same", async () => {
  let now = 0;
  const check = vi.fn(up);
  const probe = createProbe([{ name: "redis", required: false, check }], async () => [], {
    elapsedMs: () => now,
  });
  await Promise.all([probe(), probe(), probe()]);
  now = 4_999;
  await probe();
  expect(check).toHaveBeenCalledTimes(1);
  now = 5_001;
  await probe();
  expect(check).toHaveBeenCalledTimes(2);
});

test("one that says nothing is away after three seconds, and so are states that cannot be read", async () => {
  vi.useFakeTimers();
  const silent = () => new Promise<never>(() => {});
  const probing = createProbe(
    [
      { name: "postgres", required: true, check: up },
      { name: "redis", required: false, check: silent },
    ],
    silent,
    { elapsedMs: () => 0 },
  )();
  await vi.advanceTimersByTimeAsync(6_001);
  vi.useRealTimers();
  expect((await probing).map(({ isUp }) => isUp)).toEqual([true, false]);
});
