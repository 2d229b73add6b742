import { describe, expect, test } from "vitest";
import { MachineApiError } from "../../src/errors.ts";
import { lookUp } from "../../src/tick/look-up.ts";
import { machine, NOW, POOL } from "../core/examples.ts";
import { memoryScene } from "../support/memory-ports.ts";

const scene = () =>
  memoryScene({ shop: [machine("a", { name: "fa-web-1" }), machine("b", { state: "stopped" })] });
const lost = (holderId: string | null = null) => new MachineApiError("ambiguous", "no answer", { holderId });
const create = (machineName: string) => ({ kind: "create", machineName, templateId: "t" }) as const;

async function look(action: Parameters<typeof lookUp>[0]["action"], error = lost(), at = scene()) {
  return {
    found: await lookUp({ id: "1", pool: POOL, action, openedAt: NOW }, error, at.ports),
    calls: at.calls,
  };
}

describe("lookUp", () => {
  test("finds a create by its name in the list", async () => {
    const { found, calls } = await look(create("fa-web-1"));
    expect(found).toEqual({ status: "done", machineId: "a", evidence: "found by its name after: no answer" });
    expect(calls).toEqual(["list shop"]);
  });

  test("asks the machine that Fly says has the name, and trusts it only if it has", async () => {
    expect((await look(create("fa-web-1"), lost("a"))).calls).toEqual(["get a"]);
    const other = await look(create("fa-web-2"), lost("a"));
    expect(other).toEqual({ found: null, calls: ["get a", "list shop"] });
    expect((await look(create("fa-web-1"), lost("gone"))).found?.machineId).toBe("a");
  });

  test("goes by the machine's state for a start and a stop", async () => {
    expect((await look({ kind: "start", machineId: "a" })).found?.evidence).toBe(
      "found started after: no answer",
    );
    expect((await look({ kind: "start", machineId: "b" })).found).toBeNull();
    expect((await look({ kind: "stop", machineId: "b" })).found?.status).toBe("done");
    expect((await look({ kind: "stop", machineId: "a" })).found).toBeNull();
  });

  test("takes a Fly that does not answer for no answer", async () => {
    const at = scene();
    at.fail("list", ["transient"]);
    expect((await look(create("fa-web-1"), lost(), at)).found).toBeNull();
  });
});
