// Others at work beside us, and a Fly without room: deploys that hold leases or run both releases, Fly Proxy set to stop what
// we start, full regions, machines with volumes. Through the real functions, on real Postgres and Fly's API over HTTP.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { activeOf, changesOf, historyOf, intentsOf, machinesOf } from "../support/books.ts";
import { type Lab, startLab } from "../support/installation.ts";

const stopping = {
  services: [{ internal_port: 8080, autostop: true, autostart: true, min_machines_running: 0 }],
};

let lab: Lab;
beforeAll(async () => {
  const apps = {
    full: [{ region: "fra" }],
    deploying: [{ region: "fra", count: 3 }],
    "deploying-busy": [{ region: "fra" }],
    leased: [{ region: "fra", count: 2 }],
    "lost-release": [{ region: "fra", count: 2 }],
    proxied: [{ region: "fra", count: 2, config: stopping }, { region: "syd" }],
    "late-list": [{ region: "fra" }],
    "late-list-too": [{ region: "fra" }],
    disks: [{ region: "fra", volume: { name: "data", path: "/data", sizeGb: 2 } }],
  };
  // So long a new machine is missing from lists.
  lab = await startLab(apps, { fly: { listLagMs: 20_000 } });
});
afterAll(() => lab.close());

async function adopt(app: string): Promise<void> {
  lab.nextSlot();
  await lab.adopt(app, { unserved_price: 2, max_workers: 6 });
}

async function prepare(app: string, load: number): Promise<void> {
  await adopt(app);
  await slotWith(app, load, 60);
}

async function slotWith(app: string, load: number, minutes = 15) {
  lab.nextSlot();
  await lab.feed(app, minutes, load);
  const { body } = await lab.tick(app);
  expect(body.apps[0].status).toBe("done");
  return body.apps[0].pools.find(({ pool }: { pool: { region: string } }) => pool.region === "fra");
}

const statusOf = async (app: string) => {
  const [row] = await lab.sql`
    select fly_proxy, no_room_until, no_room_why, last_reason from flyahead_api.region_status where app = ${app} and region = 'fra'`;
  return row!;
};
const creates = () => Object.entries(lab.fly.tally()).filter(([call]) => call.startsWith("create ")).length;
const leased = (app: string) =>
  machinesOf(lab.fly, app).filter(({ lease }) => lease !== null && lease.expiresAt > lab.fly.now());

/** As `fly deploy` and `fly scale` do. */
function leaseAll(app: string, ttl: number): void {
  for (const { id } of machinesOf(lab.fly, app)) {
    const path = `/v1/apps/${app}/machines/${id}/lease`;
    const headers = { authorization: `Bearer ${lab.env.FLY_API_TOKEN}` };
    expect(lab.fly.handle({ method: "POST", path, headers, body: { ttl } }).status).toBe(201);
  }
}

describe("a region without room", () => {
  test("is remembered with its end, shown, not asked again before it, and grown into after it", async () => {
    const fault = lab.fly.addFault({ kind: "noCapacity", action: "create", app: "full" });
    await prepare("full", 900);
    expect((await intentsOf(lab.sql, "full")).map(({ kind, status }) => `${kind} ${status}`)).toEqual([
      "create refused",
    ]);
    const { no_room_until, no_room_why } = await statusOf("full");
    expect(no_room_why).toBe("region");
    expect(no_room_until.getTime()).toBeGreaterThan(lab.fly.now());
    const asked = creates();
    const held = await slotWith("full", 900);
    expect(held).toMatchObject({ kind: "hold", actions: [] });
    expect(held.reason).toMatch(
      /no room: 1 instead of 2 \(Fly had no room for new machines in fra at .* asked again from/,
    );
    expect(creates()).toBe(asked);
    expect((await historyOf(lab.sql, "full")).at(-1)?.constraints).toBe("no room");
    lab.fly.clearFaults(fault);
    while (lab.fly.now() < no_room_until.getTime()) lab.nextSlot();
    await slotWith("full", 900);
    expect(activeOf(lab.fly, "full")).toBe(2);
    expect((await statusOf("full")).no_room_until).toBeNull();
  });
});

describe("a blue-green deploy", () => {
  test("is left alone until it is done; its new machines then are ours like any", async () => {
    const app = "deploying";
    await adopt(app);
    lab.fly.deploy(app, "app", "begin");
    const held = await slotWith(app, 10, 60);
    expect(held).toMatchObject({ kind: "hold", from: 3, to: 3 });
    expect(held.reason).toMatch(/deploy lock: .*release v2 has 3 new beside 3 old machines/);
    expect(changesOf(lab.fly, app)).toEqual([]);
    lab.fly.deploy(app, "app", "finish");
    await slotWith(app, 10);
    expect(activeOf(lab.fly, app)).toBe(1);
    const releases = machinesOf(lab.fly, app).map(({ config }) => config.metadata?.fly_release_version);
    expect(releases).toEqual(["2", "2", "2"]);
  });

  test("gets no clone of the old release, however much comes", async () => {
    const app = "deploying-busy";
    await adopt(app);
    lab.fly.deploy(app, "app", "begin");
    expect(await slotWith(app, 2_800, 60)).toMatchObject({ kind: "hold", from: 1, to: 1, actions: [] });
    lab.fly.deploy(app, "app", "finish");
    const grown = await slotWith(app, 2_800);
    expect(grown.kind).toBe("grow");
    const releases = machinesOf(lab.fly, app).map(({ config }) => config.metadata?.fly_release_version);
    expect(new Set(releases)).toEqual(new Set(["2"]));
  });
});

describe("machine leases", () => {
  test("of somebody else: the stop is refused with their name, and done once they are gone", async () => {
    const app = "leased";
    await adopt(app);
    lab.nextSlot();
    await lab.feed(app, 60, 10);
    leaseAll(app, 600);
    await lab.tick(app);
    const [refused] = await intentsOf(lab.sql, app);
    expect(refused).toMatchObject({ kind: "stop", status: "refused" });
    expect(refused?.evidence).toMatch(
      /409.*lease currently held by .*leave it for this tick.*fly-request-id/s,
    );
    expect(activeOf(lab.fly, app)).toBe(2);
    expect(leased(app), "theirs is not taken from them").toHaveLength(2);
    await slotWith(app, 10);
    expect(activeOf(lab.fly, app)).toBe(1);
    expect(leased(app)).toEqual([]);
  });

  test("of ours that could not be given back end by themselves, before the next slot", async () => {
    const app = "lost-release";
    await adopt(app);
    lab.fly.addFault({ kind: "cutBefore", action: "leaseRelease", app });
    await slotWith(app, 10, 60);
    expect(activeOf(lab.fly, app)).toBe(1);
    expect(leased(app)).toHaveLength(1);
    await slotWith(app, 900);
    expect(
      (await intentsOf(lab.sql, app)).slice(0, 2).map(({ kind, status }) => `${kind} ${status}`),
    ).toEqual(["stop done", "start done"]);
  });
});

describe("a list that lags", () => {
  test.each(["timeoutAfter", "cutAfter"] as const)(
    "a create that met %s is found by its name's holder, once",
    async (kind) => {
      const app = kind === "timeoutAfter" ? "late-list" : "late-list-too";
      await adopt(app);
      const fault = lab.fly.addFault({ kind, action: "create", app, count: 1 });
      await slotWith(app, 900, 60);
      lab.fly.clearFaults(fault);
      const [intent] = await intentsOf(lab.sql, app);
      expect(intent).toMatchObject({ kind: "create", status: "done" });
      expect(intent?.evidence).toMatch(/^found by its name after: .*409.*already exists with name/s);
      expect(machinesOf(lab.fly, app)).toHaveLength(2);
    },
  );
});

describe("Fly Proxy", () => {
  test("set to stop what we start is named in the reason and in region_status, for its own pool", async () => {
    await prepare("proxied", 900);
    const { fly_proxy, last_reason } = await statusOf("proxied");
    expect(fly_proxy).toMatch(/^Fly Proxy: it may stop what was started .*autostop stop on 2 of 2 machines/);
    expect(last_reason.endsWith(`. ${fly_proxy}.`)).toBe(true);
    const [syd] =
      await lab.sql`select fly_proxy from flyahead_api.region_status where app = 'proxied' and region = 'syd'`;
    expect(syd?.fly_proxy).toBeNull();
  });
});

describe("machines with volumes", () => {
  test("grow by machines with volumes of their own", async () => {
    await prepare("disks", 1_400);
    expect((await intentsOf(lab.sql, "disks")).map(({ kind, status }) => `${kind} ${status}`)).toEqual([
      "create done",
      "create done",
    ]);
    const mounted = machinesOf(lab.fly, "disks").map(({ config }) => config.mounts?.[0]?.volume);
    expect(new Set(mounted).size).toBe(3);
    expect(mounted).not.toContain(undefined);
  });
});
