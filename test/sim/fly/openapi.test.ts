/**
 * Every answer of the simulator against Fly's own OpenAPI file, where that file is at hand.
 *
 * Almost every field of the file is optional, so validity alone proves little: fields that the file does not know are
 * failures too. Where the live API is known to differ from the file, the difference is named in LIVE and nowhere else.
 */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import type { Json } from "../../../src/sim/fly/options.ts";
import { call, create, idOf, json, smallFly } from "./helpers.ts";

const FILE = fileURLToPath(new URL("../../../../shared/reference/fly-openapi.json", import.meta.url));
const isHere = existsSync(FILE);
if (!isHere) process.stdout.write("skipped: ../shared/reference/fly-openapi.json is absent\n");

/** Live fields that the file lacks, by schema. */
const LIVE: Record<string, string[]> = {
  // The machine shows its version and whether it is cordoned.
  Machine: ["version", "cordoned"],
};

type Schema = { properties?: Record<string, unknown> };

function reader() {
  const file = JSON.parse(readFileSync(FILE, "utf8")) as { components: { schemas: Record<string, Schema> } };
  const ajv = new Ajv({ strict: false, allErrors: true });
  ajv.addSchema(file, "fly");
  const pointer = (name: string) => `fly#/components/schemas/${name}`;
  return (name: string, value: unknown) => {
    const validate = ajv.compile({ $ref: pointer(name) });
    validate(value);
    const known = [...Object.keys(file.components.schemas[name]?.properties ?? {}), ...(LIVE[name] ?? [])];
    const unknown = Object.keys(value as Json).filter((key) => !known.includes(key));
    return { errors: validate.errors ?? [], unknown };
  };
}

const CLEAN = { errors: [], unknown: [] };

describe.skipIf(!isHere)("answers against Fly's OpenAPI file", () => {
  const check = isHere ? reader() : () => CLEAN;
  const fly = smallFly();
  const id = idOf(fly, "started");
  const machine = `/machines/${id}`;

  // The live API answers autostop as a boolean where the file says text.
  const withAutostopText = (value: Json) => {
    const copy = structuredClone(value) as { config?: { services?: { autostop?: unknown }[] } };
    for (const service of copy.config?.services ?? [])
      service.autostop = service.autostop === true ? "stop" : "off";
    return copy as Json;
  };
  // The live API answers null in both attached_… fields of a free volume where the file says text.
  const withoutNulls = (value: Json) =>
    Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null));

  it("fails on a wrong answer, so that this test can fail", () => {
    expect(check("Machine", { id: 7, wheels: 4 })).toMatchObject({
      errors: [{ instancePath: "/id" }],
      unknown: ["wheels"],
    });
  });

  it("machines: list, summary, get, create, update", () => {
    const config = { image: "i", services: [{ internal_port: 80, autostop: "stop" }] };
    const made = json(create(fly, { lease_ttl: 10, config }));
    const updated = json(call(fly, `POST /machines/${idOf(fly, "stopped")}`, { config }));
    const listed = ["", "?summary=true"].flatMap(
      (query) => call(fly, `GET /machines${query}`).body as Json[],
    );
    for (const one of [...listed, json(call(fly, `GET ${machine}`)), made, updated]) {
      expect(check("Machine", withAutostopText(one))).toEqual(CLEAN);
    }
    expect((made.config as { services: Json[] }).services[0]?.autostop).toBe(true);
  });

  it("events, checks and wait", () => {
    call(fly, `POST ${machine}/stop`);
    expect(check("WaitMachineResponse", json(call(fly, `GET ${machine}/wait?state=stopped`)))).toEqual(CLEAN);
    const events = call(fly, `GET ${machine}/events`).body as Json[];
    expect(events.length).toBeGreaterThan(2);
    for (const event of events) expect(check("MachineEvent", event)).toEqual(CLEAN);
    const { checks } = json(call(fly, `GET ${machine}`)) as { checks: Json[] };
    for (const one of checks) expect(check("CheckStatus", one)).toEqual(CLEAN);
  });

  it("leases, out of the envelope {status, data} that the file does not have", () => {
    const body = json(call(fly, `POST ${machine}/lease`, { ttl: 1 }));
    expect(Object.keys(body)).toEqual(["status", "data"]);
    expect(check("Lease", body.data)).toEqual(CLEAN);
    expect(check("Lease", json(call(fly, `GET ${machine}/lease`)).data)).toEqual(CLEAN);
  });

  it("metadata", () => {
    expect(
      check("metadataValueResponse", json(call(fly, `GET ${machine}/metadata/fly_process_group`))),
    ).toEqual(CLEAN);
    const all = Object.values(json(call(fly, `GET ${machine}/metadata`)));
    expect(all.every((value) => typeof value === "string")).toBe(true);
  });

  it("volumes", () => {
    const made = json(call(fly, "POST /volumes", { name: "data", region: "iad" }));
    const path = `/volumes/${made.id}`;
    const listed = call(fly, "GET /volumes").body as Json[];
    for (const one of [made, ...listed, json(call(fly, `GET ${path}`)), json(call(fly, `DELETE ${path}`))]) {
      expect(check("Volume", withoutNulls(one))).toEqual(CLEAN);
    }
  });

  it("apps, organisation, regions and token", () => {
    const apps = json(call(fly, "GET //apps?org_slug=personal"));
    expect(check("ListAppsResponse", apps)).toEqual(CLEAN);
    for (const app of apps.apps as Json[]) expect(check("App", app)).toEqual(CLEAN);
    expect(check("App", json(call(fly, "GET //apps/shop")))).toEqual(CLEAN);
    const org = json(call(fly, "GET //orgs/personal/machines?limit=1"));
    expect(check("OrgMachinesResponse", org)).toEqual(CLEAN);
    for (const row of org.machines as Json[]) expect(check("OrgMachine", row)).toEqual(CLEAN);
    const regions = json(call(fly, "GET //platform/regions"));
    expect(check("main.regionResponse", regions)).toEqual(CLEAN);
    for (const row of regions.regions as Json[]) expect(check("main.regionRow", row)).toEqual(CLEAN);
    const placed = json(
      call(fly, "POST //platform/placements", { org_slug: "personal", region: "any", count: 2 }),
    );
    expect(check("main.getPlacementsResponse", placed)).toEqual(CLEAN);
    for (const row of placed.regions as Json[])
      expect(check("placement.RegionPlacement", row)).toEqual(CLEAN);
    const token = json(call(fly, "GET //tokens/current"));
    expect(check("CurrentTokenResponse", token)).toEqual(CLEAN);
    for (const row of token.tokens as Json[]) expect(check("main.tokenInfo", row)).toEqual(CLEAN);
  });

  it("errors; volume_placement_capacity is newer than the file, and leases say `message`", () => {
    const tight = smallFly({ capacity: { iad: 0 } });
    for (const refused of [
      create(tight),
      call(tight, "GET //apps"),
      call(tight, "GET /machines/none"),
      call(tight, "GET //x"),
    ]) {
      expect(check("ErrorResponse", json(refused))).toEqual(CLEAN);
    }
  });
});
