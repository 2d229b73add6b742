import { expect, test, vi } from "vitest";
import { createProbe } from "../../src/api/probe.ts";

const up = async () => ({ ok: true, latencyMs: 7, why: null });
const away = async () => ({ ok: false, latencyMs: 12, why: "connect ECONNREFUSED with the password" });

test("each dependency with its latency and the breakers before it; one that is not asked with its breakers alone", async () => {
  const dependencies = [
    { name: "postgres", required: true, check: up },
    { name: "fly", required: false, check: away },
    { name: "heartbeat", required: false, check: null },
  ];
  const breakers = async () =>
    [
      { name: "fly:write:fra", mode: "OPEN" },
      { name: "fly:read", mode: "CLOSED" },
      { name: "flyer", mode: "HALF_OPEN" },
      { name: "heartbeat", mode: "DISABLED" },
    ] as const;
  const probed = await createProbe(dependencies, breakers, { elapsedMs: () => 0 })();
  expect(probed).toEqual([
    { name: "postgres", required: true, isUp: true, latencyMs: 7, breakers: {} },
    {
      ...{ name: "fly", required: false, isUp: false, latencyMs: 12 },
      breakers: { "fly:write:fra": "OPEN", "fly:read": "CLOSED" },
    },
    { name: "heartbeat", required: false, isUp: null, latencyMs: null, breakers: { heartbeat: "DISABLED" } },
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

test("one that says nothing is away after three seconds, and breakers that cannot be read are not told", async () => {
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
  await vi.advanceTimersByTimeAsync(3_001);
  vi.useRealTimers();
  expect((await probing).map(({ isUp }) => isUp)).toEqual([true, false]);
});
