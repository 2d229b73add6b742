import { describe, expect, it } from "vitest";
import type { Action } from "../../src/core/actions.ts";
import type { Machine } from "../../src/core/fleet.ts";
import { type ProxySettings, proxyConflict, withMinRunning } from "../../src/core/fly-proxy.ts";
import { started } from "./examples.ts";

const GOOD: ProxySettings = { autostop: "off", autostart: true, minRunning: 0 };
const withProxy = (...settings: readonly (Partial<ProxySettings> | null)[]): Machine[] =>
  started(settings.length).map((machine, i) => {
    const own = settings[i];
    return own == null ? machine : { ...machine, proxy: { ...GOOD, ...own } };
  });

describe("proxyConflict", () => {
  it("finds nothing in what is recommended, nor where there is no service", () => {
    expect(proxyConflict(withProxy({}, {}), 1)).toBeNull();
    expect(proxyConflict(withProxy(null, null), 1)).toBeNull();
    expect(proxyConflict([], 1)).toBeNull();
  });

  it("says on how many machines the proxy stops what was started ahead, and what to do", () => {
    expect(proxyConflict(withProxy({ autostop: "stop" }, { autostop: "stop" }, {}, null), 1)).toBe(
      "Fly Proxy: it may stop what was started ahead of the traffic (autostop stop on 2 of 3 machines);" +
        " set autostop off and autostart on for all",
    );
    const both = proxyConflict(withProxy({ autostop: "stop" }, { autostop: "suspend" }), 1);
    expect(both).toMatch(/autostop stop or suspend on 2 of 2/);
  });

  it("says what it keeps running above the minimum, where autostop makes it count", () => {
    expect(proxyConflict(withProxy({ autostop: "stop", minRunning: 3 }), 1)).toMatch(
      /keeps 3 running where the minimum is 1 \(min_machines_running 3\)/,
    );
    expect(proxyConflict(withProxy({ autostop: "stop", minRunning: 3 }), 3)).not.toMatch(/keeps/);
    expect(proxyConflict(withProxy({ minRunning: 3 }), 1)).toBeNull();
  });

  it("says where the minimum is not kept in step yet, if it is to be", () => {
    const mixed = withProxy({ autostop: "stop", minRunning: 2 }, { autostop: "stop" }, {});
    expect(proxyConflict(mixed, 2)).not.toMatch(/in step/);
    expect(proxyConflict(mixed, 2, true)).toMatch(
      /min_machines_running is kept in step and not 2 yet on 1 of 3 machines \(set when flyahead next starts them/,
    );
    expect(proxyConflict(withProxy({ autostop: "stop", minRunning: 2 }), 2, true)).not.toMatch(/in step/);
  });

  it("minds no number outside the primary region", () => {
    const elsewhere = withProxy({ autostop: "stop", minRunning: 3, isSecondary: true });
    expect(proxyConflict(elsewhere, 1, true)).toMatch(/^Fly Proxy: it may stop/);
    expect(proxyConflict(elsewhere, 1, true)).not.toMatch(/min_machines_running/);
  });

  it("says where nothing would start a machine", () => {
    expect(proxyConflict(withProxy({ autostart: false }, {}), 1)).toMatch(
      /starts nothing should flyahead be away \(autostart off on 1 of 2 machines\)/,
    );
  });
});

describe("withMinRunning", () => {
  const actions: Action[] = [
    { kind: "start", machineId: "a", insteadOf: "b" },
    { kind: "create", machineName: "n", templateId: "a" },
    { kind: "stop", machineId: "b" },
    { kind: "uncordon", machineId: "c" },
  ];

  it("puts the minimum on what is started and made, where the policy wants that", () => {
    expect(withMinRunning(actions, { keepMinRunning: true, minWorkers: 2 })).toEqual([
      { ...actions[0], minRunning: 2 },
      { ...actions[1], minRunning: 2 },
      actions[2],
      actions[3],
    ]);
    expect(withMinRunning(actions, { keepMinRunning: false, minWorkers: 2 })).toEqual(actions);
  });
});
