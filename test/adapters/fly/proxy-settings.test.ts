import { expect, it } from "vitest";
import { proxySettingsOf } from "../../../src/adapters/fly/proxy-settings.ts";

const of = (...services: readonly unknown[]) => proxySettingsOf({ services }, "fra");

it.each([
  [false, "off"],
  [true, "stop"],
  ["off", "off"],
  ["stop", "stop"],
  ["suspend", "suspend"],
  [undefined, "off"],
  [null, "off"],
  ["of tomorrow", "off"],
] as const)("autostop %j is %s", (autostop, word) => {
  expect(of({ autostop, autostart: true })).toEqual({ autostop: word, autostart: true, minRunning: 0 });
});

it("starts by default, and says how many are kept", () => {
  expect(of({})).toEqual({ autostop: "off", autostart: true, minRunning: 0 });
  expect(of({ autostart: null, min_machines_running: 2 })).toMatchObject({ autostart: true, minRunning: 2 });
  expect(of({ autostart: false })).toMatchObject({ autostart: false });
});

it("takes of several services whatever lets the proxy do more", () => {
  expect(
    of({ autostop: true, autostart: false, min_machines_running: 1 }, { autostop: "suspend" }, {}),
  ).toEqual({
    autostop: "suspend",
    autostart: true,
    minRunning: 1,
  });
});

it("is nothing without services", () => {
  expect([of(), ...[null, {}, { services: "none" }].map((config) => proxySettingsOf(config, "fra"))]).toEqual(
    [null, null, null, null],
  );
});

it("knows a machine outside the primary region, where flyctl wrote that down", () => {
  const at = (region: string) => proxySettingsOf({ services: [{}], env: { PRIMARY_REGION: "fra" } }, region);
  expect(at("fra")).not.toHaveProperty("isSecondary");
  expect(at("sin")).toMatchObject({ isSecondary: true });
});
