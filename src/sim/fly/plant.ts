/** The machines and volumes that are there when a simulation begins; they serve from the first moment, and no call made them. */
import { defaultConfig } from "./config.ts";
import { hexId } from "./ids.ts";
import { recount } from "./ledger.ts";
import { addEvent, enter } from "./life.ts";
import { newMachine } from "./machines.ts";
import type { AppSeed, MachineSeed } from "./options.ts";
import { attachVolumes, newVolume } from "./volumes.ts";
import type { App, World } from "./world.ts";

export function plantApp(world: World, seed: AppSeed): void {
  const id = hexId(world.random.ids, 16);
  const app: App = { id, name: seed.name, machines: new Map(), gone: [], volumes: new Map() };
  world.apps.set(app.name, app);
  for (const group of seed.machines ?? []) {
    for (let i = 0; i < (group.count ?? 1); i++) plantMachine(world, app, group);
  }
}

function plantMachine(world: World, app: App, seed: MachineSeed): void {
  const state = seed.state ?? "started";
  const config = structuredClone(defaultConfig(app.name, seed));
  if (seed.volume !== undefined) config.mounts = [plantVolume(world, app, seed.region, seed.volume)];
  const machine = newMachine(world, app, { region: seed.region, config, listedAt: world.now });
  attachVolumes(app, machine);
  addEvent(world, machine, { type: "launch", source: "user" });
  enter(world, machine, state, []);
  machine.ready = state === "started";
  recount(world, machine);
  if (state === "started") addEvent(world, machine, { type: "start", source: "flyd" });
}

function plantVolume(
  world: World,
  app: App,
  region: string,
  { name, path, sizeGb = 1 }: NonNullable<MachineSeed["volume"]>,
) {
  const volume = newVolume(world, app, { name, region, sizeGb, encrypted: true });
  return { volume: volume.id, name, path, size_gb: sizeGb, encrypted: true };
}
