/**
 * What every form of MachineApi promises. The harness begins with app "shop": group web in fra with two started and
 * one stopped machine (only that one with autostop on), group app in sin with one started. Transitions may take time: "starting" is as good as "started".
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isActive, type Machine } from "../../src/core/fleet.ts";
import type { MachineApi } from "../../src/ports.ts";

export type MachineApiHarness = {
  readonly api: MachineApi;
  /** Somebody else (a deploy) takes the machine's lease. */
  hold(machineId: string): Promise<void>;
  /** How many machines of the app are leased, by whomever. */
  leases(): Promise<number>;
  close?(): Promise<void>;
};

export const CONTRACT_APP = "shop";
const APP = CONTRACT_APP;
const MISSING = "ffffffffffff01";

export function describeMachineApi(name: string, make: () => Promise<MachineApiHarness>): void {
  describe(`machine api: ${name}`, () => {
    let harness: MachineApiHarness;
    let api: MachineApi;

    beforeEach(async () => {
      harness = await make();
      api = harness.api;
    });
    afterEach(() => harness.close?.());

    async function firstIn(state: Machine["state"]): Promise<Machine> {
      const machine = (await api.list(APP)).find((candidate) => candidate.state === state);
      if (machine === undefined) throw new Error(`the harness has no machine in state ${state}`);
      return machine;
    }

    const failsWith = (kind: string) => ({ name: "MachineApiError", kind });

    it("lists every machine with its place, state and health", async () => {
      const machines = await api.list(APP);
      const lines = machines.map((m) => `${m.region} ${m.processGroup} ${m.state} ${m.cordoned}`).sort();
      expect(lines).toEqual([
        "fra web started false",
        "fra web started false",
        "fra web stopped false",
        "sin app started false",
      ]);
      expect(new Set(machines.map(({ id }) => id)).size).toBe(4);
      for (const machine of machines) {
        expect(machine.createdAt).toBeGreaterThan(Date.UTC(2020, 0));
        if (machine.state === "stopped") expect(machine.health).not.toBe("passing");
        else expect(machine.health).not.toBe("failing");
      }
    });

    it("gets a machine as the list shows it", async () => {
      const listed = await firstIn("started");
      expect(await api.get(APP, listed.id)).toEqual(listed);
    });

    it("starts a stopped machine once; the second start is already done", async () => {
      const { id } = await firstIn("stopped");
      expect(await api.start(APP, id)).toBe("done");
      const after = await api.get(APP, id);
      expect(["starting", "started"]).toContain(after.state);
      expect(isActive(after)).toBe(true);
      expect(after.lastAsked).toMatchObject({ verb: "start", by: "user" });
      expect(await api.start(APP, id)).toBe("alreadyDone");
    });

    it("stops a started machine once; the second stop is already done", async () => {
      const { id } = await firstIn("started");
      expect(await api.stop(APP, id)).toBe("done");
      const after = await api.get(APP, id);
      expect(["stopping", "stopped"]).toContain(after.state);
      expect(isActive(after)).toBe(false);
      expect(await api.stop(APP, id)).toBe("alreadyDone");
    });

    it("leaves machines alone that are where they should be", async () => {
      const before = await api.list(APP);
      expect(await api.start(APP, (await firstIn("started")).id)).toBe("alreadyDone");
      expect(await api.stop(APP, (await firstIn("stopped")).id)).toBe("alreadyDone");
      expect(await api.list(APP)).toEqual(before);
    });

    it("leaves no lease behind when it stops", async () => {
      await api.stop(APP, (await firstIn("started")).id);
      expect(await harness.leases()).toBe(0);
    });

    it("suspends a started machine once, and only one that runs", async () => {
      const { id } = await firstIn("started");
      expect(await api.suspend(APP, id)).toBe("done");
      const after = await api.get(APP, id);
      expect(["suspending", "suspended"]).toContain(after.state);
      expect(await api.suspend(APP, id)).toBe("alreadyDone");
      const resting = await firstIn("stopped");
      await expect(api.suspend(APP, resting.id)).rejects.toMatchObject(failsWith("wrongState"));
      expect(await harness.leases()).toBe(0);
    });

    it("takes a machine out of routing and puts it back, each once, and leaves it running", async () => {
      const { id } = await firstIn("started");
      expect(await api.uncordon(APP, id)).toBe("alreadyDone");
      expect(await api.cordon(APP, id)).toBe("done");
      expect(await api.get(APP, id)).toMatchObject({ state: "started", cordoned: true });
      expect(await api.cordon(APP, id)).toBe("alreadyDone");
      expect(await api.uncordon(APP, id)).toBe("done");
      expect(await api.get(APP, id)).toMatchObject({ state: "started", cordoned: false });
      expect(await harness.leases()).toBe(0);
    });

    it("puts a stopped machine back into routing too", async () => {
      const { id } = await firstIn("started");
      await api.cordon(APP, id);
      await api.stop(APP, id);
      expect(await api.uncordon(APP, id)).toBe("done");
      expect((await api.get(APP, id)).cordoned).toBe(false);
    });

    it("destroys what stands still and has no volume, once, and nothing that runs", async () => {
      const running = await firstIn("started");
      await expect(api.destroy(APP, running.id)).rejects.toMatchObject(failsWith("wrongState"));
      expect((await api.get(APP, running.id)).state).toBe("started");
      const { id, hasVolume } = await firstIn("stopped");
      expect(hasVolume).toBe(false);
      expect(await api.destroy(APP, id)).toBe("done");
      expect((await api.list(APP)).map((machine) => machine.id)).not.toContain(id);
      expect(await api.destroy(APP, id)).toBe("alreadyDone");
      expect(await harness.leases()).toBe(0);
    });

    it("does not touch a machine whose lease somebody else holds", async () => {
      const { id } = await firstIn("started");
      const resting = await firstIn("stopped");
      await harness.hold(id);
      await harness.hold(resting.id);
      await expect(api.stop(APP, id)).rejects.toMatchObject(failsWith("leaseHeld"));
      await expect(api.start(APP, resting.id)).rejects.toMatchObject(failsWith("leaseHeld"));
      await expect(api.suspend(APP, id)).rejects.toMatchObject(failsWith("leaseHeld"));
      await expect(api.cordon(APP, id)).rejects.toMatchObject(failsWith("leaseHeld"));
      await expect(api.destroy(APP, resting.id)).rejects.toMatchObject(failsWith("leaseHeld"));
      expect((await api.get(APP, id)).cordoned).toBe(false);
      expect((await api.get(APP, id)).state).toBe("started");
      expect((await api.get(APP, resting.id)).state).toBe("stopped");
      expect(await harness.leases()).toBe(2);
    });

    it("sets min_machines_running of a stopped machine once, leaves it stopped, and it starts at once", async () => {
      const before = await firstIn("stopped");
      expect(await api.keepMinRunning(APP, before.id, 2)).toBe("done");
      const after = await api.get(APP, before.id);
      expect(after).toMatchObject({ state: "stopped", proxy: { ...before.proxy, minRunning: 2 } });
      const kept = ({ name, region, processGroup, size, release, softLimit, hasVolume }: Machine) => {
        return { name, region, processGroup, size, release, softLimit, hasVolume };
      };
      expect(kept(after)).toEqual(kept(before));
      expect(await api.keepMinRunning(APP, before.id, 2)).toBe("alreadyDone");
      expect(await harness.leases()).toBe(0);
      expect(await api.start(APP, before.id)).toBe("done");
      expect((await api.get(APP, before.id)).proxy).toMatchObject({ minRunning: 2 });
    });

    it("never sets it on what runs, nor where autostop is off, nor under somebody else's lease", async () => {
      const running = await firstIn("started");
      expect(await api.keepMinRunning(APP, running.id, 2)).toBe("alreadyDone");
      expect(await api.get(APP, running.id)).toEqual(running);
      await api.stop(APP, running.id);
      const { id } = (await api.list(APP)).find(({ proxy }) => proxy?.autostop === "stop")!;
      await harness.hold(id);
      await expect(api.keepMinRunning(APP, id, 2)).rejects.toMatchObject(failsWith("leaseHeld"));
      expect((await api.get(APP, id)).proxy).toMatchObject({ minRunning: 0 });
      await expect(api.keepMinRunning(APP, MISSING, 2)).rejects.toMatchObject(failsWith("notFound"));
    });

    it("creates a clone with another min_machines_running where autostop makes it count", async () => {
      const make = (name: string, templateId: string) =>
        api.create(APP, { name, region: "fra", templateId, minRunning: 3 });
      const template = await firstIn("stopped");
      const made = await make("fa-web-fra-1", template.id);
      expect((await api.get(APP, made.id)).proxy).toEqual({ ...template.proxy, minRunning: 3 });
      expect((await api.get(APP, template.id)).proxy).toEqual(template.proxy);
      const off = await firstIn("started");
      const other = await make("fa-web-fra-2", off.id);
      expect(other.proxy).toEqual(off.proxy);
    });

    it("creates a clone: the template's group, the given name and region", async () => {
      const template = (await api.list(APP)).find(({ processGroup }) => processGroup === "web")!;
      const made = await api.create(APP, { name: "fa-web-sin-1", region: "sin", templateId: template.id });
      expect(made).toMatchObject({
        name: "fa-web-sin-1",
        region: "sin",
        processGroup: "web",
        cordoned: false,
      });
      const copied = ({ size, release, proxy, softLimit, hasVolume }: Machine) => {
        const { isSecondary: _ofTheRegion, ...settings } = proxy!;
        return { size, release, settings, softLimit, hasVolume };
      };
      expect(copied(made)).toEqual(copied(template));
      expect(isActive(made)).toBe(true);
      expect((await api.get(APP, made.id)).name).toBe("fa-web-sin-1");
      const machines = await api.list(APP);
      expect(machines).toHaveLength(5);
      expect(machines.map(({ id }) => id)).toContain(made.id);
      expect(machines.find(({ id }) => id === template.id)).toEqual(template);
    });

    it("refuses a second machine of one name, also when both are asked for at once", async () => {
      const { id: templateId } = await firstIn("started");
      const ask = () => api.create(APP, { name: "fa-web-fra-1", region: "fra", templateId });
      const answers = await Promise.allSettled([ask(), ask()]);
      const refusals = answers.filter((answer) => answer.status === "rejected");
      expect(refusals).toHaveLength(1);
      const made = (await api.list(APP)).filter((machine) => machine.name === "fa-web-fra-1");
      expect(made).toHaveLength(1);
      expect(refusals[0]!.reason).toMatchObject({ ...failsWith("nameTaken"), holderId: made[0]!.id });
      await expect(ask()).rejects.toMatchObject(failsWith("nameTaken"));
      await expect(ask()).rejects.toThrow(made[0]!.id);
    });

    it("says notFound for a machine, a template and an app that are gone", async () => {
      const create = { name: "fa-web-fra-2", region: "fra", templateId: MISSING };
      await expect(api.get(APP, MISSING)).rejects.toMatchObject(failsWith("notFound"));
      await expect(api.start(APP, MISSING)).rejects.toMatchObject(failsWith("notFound"));
      await expect(api.stop(APP, MISSING)).rejects.toMatchObject(failsWith("notFound"));
      await expect(api.suspend(APP, MISSING)).rejects.toMatchObject(failsWith("notFound"));
      await expect(api.cordon(APP, MISSING)).rejects.toMatchObject(failsWith("notFound"));
      await expect(api.uncordon(APP, MISSING)).rejects.toMatchObject(failsWith("notFound"));
      await expect(api.create(APP, create)).rejects.toMatchObject(failsWith("notFound"));
      await expect(api.list("no-such-app")).rejects.toMatchObject(failsWith("notFound"));
      expect(await api.list(APP)).toHaveLength(4);
    });
  });
}
