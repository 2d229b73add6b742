/**
 * A blue-green deploy, as an autoscaler sees it from outside: `flyctl` is a person's program, so it needs no rate limit here.
 *
 *   begin    each started machine of the group is leased; beside it one of the next release is made, cordoned
 *   finish   the new ones are routed, the old ones destroyed; leases go with them
 *
 * In between both releases run. The trap for a scaler: new machines do not count yet, old ones are not to be touched, and
 * what it creates from an old one now is left behind.
 */
import type { Reply } from "./call.ts";
import { newLease } from "./leases.ts";
import { processGroupOf, recount } from "./ledger.ts";
import { addEvent, enter, note } from "./life.ts";
import { newMachine, perform } from "./machines.ts";
import { launchPlan } from "./plans.ts";
import { badRequest, notFound, ok } from "./reply.ts";
import type { App, Machine, World } from "./world.ts";

export const DEPLOY_STEPS = ["begin", "finish"] as const;
export type DeployStep = (typeof DEPLOY_STEPS)[number];

const LEASE_SECONDS = 120;
const PERSON = { by: "person", requestId: null } as const;

export function deploy(world: World, appName: string, processGroup: string, step: DeployStep): Reply {
  const app = world.apps.get(appName);
  if (app === undefined) return notFound(`app ${appName}`);
  const machines = [...app.machines.values()].filter((machine) => processGroupOf(machine) === processGroup);
  const newest = Math.max(0, ...machines.map(releaseOf));
  if (step === "begin") {
    const blue = machines.filter(({ state }) => state === "started");
    for (const machine of blue) makeGreen(world, app, machine, newest + 1);
    return ok({ machines: blue.length });
  }
  const blue = machines.filter((machine) => releaseOf(machine) < newest && machine.lease !== null);
  if (blue.length === 0) return badRequest(`no deploy of ${processGroup} was begun`);
  for (const machine of machines.filter((one) => releaseOf(one) === newest)) route(world, machine);
  for (const machine of blue) perform(world, machine, "destroy", PERSON, { force: true });
  return ok({ machines: blue.length });
}

function releaseOf({ config }: Machine): number {
  return Number(config.metadata?.fly_release_version ?? 0);
}

function makeGreen(world: World, app: App, blue: Machine, release: number): void {
  const terms = { ttlSeconds: LEASE_SECONDS, owner: "deployer@example", description: "bluegreen deploy" };
  blue.lease = newLease(world, blue, terms);
  const config = structuredClone(blue.config);
  config.image = `registry.fly.io/${app.name}:deployment-${release}`;
  config.metadata = {
    ...config.metadata,
    fly_release_id: `rel_${release}simulated`,
    fly_release_version: `${release}`,
    fly_bluegreen_deployment_tag: `${release}`,
  };
  const green = newMachine(world, app, { region: blue.region, config, listedAt: world.now });
  green.cordoned = true;
  enter(world, green, "created", launchPlan(world, green, false));
  addEvent(world, green, { type: "launch", source: "user" });
  note(world, green, { action: "create", from: null, ...PERSON });
}

function route(world: World, machine: Machine): void {
  machine.cordoned = false;
  machine.updatedAt = world.now;
  recount(world, machine);
  note(world, machine, { action: "uncordon", from: machine.state, ...PERSON });
}
