/** Every request that the client sends exists in Fly's own description, and its body fits the schema there. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import type { Fetch } from "../../../src/adapters/http.ts";
import { CONTRACT_APP as APP } from "../../contracts/machine-api.ts";
import { serveShop } from "./simulated.ts";

type Sent = { method: string; path: string; body: string | undefined };
type Operation = {
  requestBody?: { required?: boolean; content: { "application/json": { schema: object } } };
};
type Schemas = Record<string, { properties?: Record<string, object> }>;
type Description = { paths: Record<string, Record<string, Operation>>; components: { schemas: Schemas } };

const file = fileURLToPath(new URL("../../../../shared/reference/fly-openapi.json", import.meta.url));
const isAbsent = !existsSync(file);

async function requestsOfAllCalls(): Promise<Sent[]> {
  const sent: Sent[] = [];
  const fetch: Fetch = (url, init) => {
    const { pathname: path, search } = new URL(String(url));
    sent.push({ method: init!.method!.toLowerCase(), path: path + search, body: init!.body as undefined });
    return globalThis.fetch(url, init);
  };
  const { api, close } = await serveShop({ fetch });
  const machines = await api.list(APP);
  const started = machines.find(({ state }) => state === "started")!.id;
  await api.get(APP, started);
  await api.start(APP, machines.find(({ state }) => state === "stopped")!.id);
  await api.create(APP, { name: "fa-web-fra-1", region: "fra", templateId: started });
  await api.stop(APP, started);
  await close();
  return sent;
}

describe.skipIf(isAbsent)(isAbsent ? "skipped: no copy of Fly's OpenAPI file" : "Fly's OpenAPI file", () => {
  it("knows every request that is sent, with its body", async () => {
    const description = JSON.parse(readFileSync(file, "utf8")) as Description;
    // Its own words say that a boolean is accepted; Fly answers one, and a clone sends back what Fly answered.
    description.components.schemas["fly.MachineService"]!.properties!.autostop = {
      type: ["string", "boolean"],
    };
    const ajv = new Ajv({ strict: false, validateFormats: false });
    const sent = await requestsOfAllCalls();
    const seen = sent.map(({ method, path, body }) => {
      const template = Object.keys(description.paths).find((known) =>
        new RegExp(`^/v1${known.replace(/\{[^}]+\}/g, "[^/]+")}$`).test(path),
      );
      const operation = description.paths[template ?? ""]?.[method];
      expect(operation, `${method} ${path}`).toBeDefined();
      const { requestBody } = operation!;
      if (requestBody?.required) expect(body, `${method} ${path}`).toBeDefined();
      if (body !== undefined) {
        const { components } = description;
        const { schema } = requestBody!.content["application/json"];
        const isValid = ajv.validate({ ...closed(schema, components), components }, JSON.parse(body));
        expect(ajv.errorsText(), `${method} ${path}`).toBe("No errors");
        expect(isValid).toBe(true);
      }
      return `${method} ${template}`;
    });
    expect([...new Set(seen)].sort()).toEqual([
      "get /apps/{app_name}/machines",
      "get /apps/{app_name}/machines/{machine_id}",
      "post /apps/{app_name}/machines",
      "post /apps/{app_name}/machines/{machine_id}/start",
      "post /apps/{app_name}/machines/{machine_id}/stop",
    ]);
  });
});

/** The schema of a body, which may hold no field that the description does not name. */
function closed(schema: object, { schemas }: Description["components"]): object {
  const { $ref } = schema as { $ref?: string };
  const name = $ref?.split("/").at(-1);
  const found = name === undefined ? schema : schemas[name];
  return { ...found, additionalProperties: false };
}
