/**
 * The Machines API as the tick needs it: list, get, start, stop and suspend, cordon and uncordon, destroy what stands still
 * and has no volume, and create as a clone.
 *
 * Each call goes out once: retries belong to the tick, limits to the guard. A stop is four calls: the machine is read, its
 * lease taken, the machine stopped, the lease given back.
 */
import { SECOND_MS } from "../../core/time.ts";
import type { Clock, MachineApi } from "../../ports.ts";
import { createFlyClient, type FlyClientOptions } from "./client.ts";
import { cloneConfig } from "./clone.ts";
import { createVolumeCloner } from "./clone-volumes.ts";
import { createEvenly, type Evenly } from "./evenly.ts";
import { failed } from "./fly-error.ts";
import { isPlatformMachine, toMachine } from "./machine.ts";
import { minRunningIn } from "./min-running.ts";
import { createVerbs } from "./verbs.ts";

export type FlyMachineApiOptions = FlyClientOptions & {
  /** By which the last call of a create is spaced from those before it; absent: not at all, for who creates nothing. */
  readonly pace?: Clock;
};

/** @throws TypeError where the token list is malformed */
export function createFlyMachineApi(options: FlyMachineApiOptions): MachineApi {
  const client = createFlyClient(options);
  const { machines } = client;
  const evenly: Evenly = options.pace === undefined ? async () => {} : createEvenly(options.pace);
  const withVolumes = createVolumeCloner({
    ...client.volumes,
    async create(app, wanted) {
      await evenly(`volume ${app}`);
      return client.volumes.create(app, wanted);
    },
  });
  const verbs = createVerbs(client, leaseSeconds(options.timeoutMs));

  return {
    async list(app) {
      return (await machines.list(app)).filter(isPlatformMachine).map(toMachine);
    },

    async get(app, id) {
      return toMachine(await machines.get(app, id));
    },

    start: verbs.start,
    stop: verbs.stop,
    suspend: verbs.suspend,
    cordon: verbs.cordon,
    uncordon: verbs.uncordon,
    destroy: verbs.destroyResting,

    keepMinRunning: verbs.keepMinRunning,

    async create(app, { name, region, templateId, minRunning }) {
      const task = `create machine ${name} in ${region} for app ${app} as a clone of ${templateId}`;
      const template = await machines.get(app, templateId, `${task} (reading the template first)`);
      const clone = cloneConfig(template);
      if (!("config" in clone))
        throw failed(clone.kind, { task }, `the template cannot be cloned: ${clone.why}`);
      const wanted = minRunning === undefined ? null : minRunningIn(clone.config, region, minRunning);
      return withVolumes({ app, region, task }, wanted ?? clone.config, async (config) => {
        await evenly(`machine ${app}`);
        return toMachine(await machines.create(app, { name, region, config }, task));
      });
    },
  };
}

/** Twice as long as the call that it guards may take. */
function leaseSeconds(timeoutMs: number): number {
  return Math.ceil((2 * timeoutMs) / SECOND_MS);
}
