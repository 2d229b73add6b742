import { describe, expect, it } from "vitest";
import type { Machine } from "../../src/core/fleet.ts";
import { type ProxySettings, proxyConflict } from "../../src/core/fly-proxy.ts";
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

  it("says where nothing would start a machine", () => {
    expect(proxyConflict(withProxy({ autostart: false }, {}), 1)).toMatch(
      /starts nothing should flyahead be away \(autostart off on 1 of 2 machines\)/,
    );
  });
});
