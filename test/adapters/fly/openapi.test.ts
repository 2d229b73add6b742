/** Every request that the client sends exists in Fly's own description: its path, its query, its headers, its body. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { requestsOfAllCalls, type Sent } from "./every-call.ts";

type Operation = {
  parameters?: { name: string; in: string }[];
  requestBody?: { required?: boolean; content: { "application/json": { schema: object } } };
};
type Schemas = Record<string, { properties?: Record<string, object> }>;
type Description = { paths: Record<string, Record<string, Operation>>; components: { schemas: Schemas } };

const file = fileURLToPath(new URL("../../../../shared/reference/fly-openapi.json", import.meta.url));
const isAbsent = !existsSync(file);

/** Calls that change a machine take its lease's nonce, of which the description speaks at the lease alone. */
const NONCE_UNTOLD = /^post .*(start|stop|suspend|cordon|uncordon)$|^(post|delete) .*\/\{machine_id\}$/;

describe.skipIf(isAbsent)(isAbsent ? "skipped: no copy of Fly's OpenAPI file" : "Fly's OpenAPI file", () => {
  it("knows every request that is sent", async () => {
    const description = JSON.parse(readFileSync(file, "utf8")) as Description;
    // Its own words say that a boolean is accepted; Fly answers one, and a clone sends back what Fly answered.
    description.components.schemas["fly.MachineService"]!.properties!.autostop = {
      type: ["string", "boolean"],
    };
    // A null removes a key, says its text; its type does not.
    const metadata = description.components.schemas.updateMetadataRequest!.properties!.metadata as {
      additionalProperties?: object;
    };
    metadata.additionalProperties = { type: ["string", "null"] };
    const ajv = new Ajv({ strict: false, validateFormats: false });
    const seen = new Set<string>();
    for (const request of await requestsOfAllCalls()) {
      const { name, operation } = operationOf(request, description);
      seen.add(name);
      const known = (operation.parameters ?? []).map((parameter) => `${parameter.in} ${parameter.name}`);
      for (const key of request.query) expect(known, name).toContain(`query ${key}`);
      if (request.nonce && !NONCE_UNTOLD.test(name)) {
        expect(known, name).toContain("header fly-machine-lease-nonce");
      }
      const { requestBody } = operation;
      if (requestBody?.required) expect(request.body, name).toBeDefined();
      if (request.body === undefined) continue;
      expect(requestBody, `${name} takes no body`).toBeDefined();
      const { components } = description;
      const schema = closed(requestBody!.content["application/json"].schema, components);
      ajv.validate({ ...schema, components }, JSON.parse(request.body));
      expect(ajv.errorsText(), name).toBe("No errors");
    }
    expect([...seen].sort()).toEqual(CALLS);
  });
});

function operationOf({ method, path }: Sent, { paths }: Description) {
  const template = Object.keys(paths).find((known) =>
    new RegExp(`^/v1${known.replace(/\{[^}]+\}/g, "[^/]+")}$`).test(path),
  );
  const operation = paths[template ?? ""]?.[method];
  if (operation === undefined) throw new Error(`Fly's description has no ${method} ${path}`);
  return { name: `${method} ${template}`, operation };
}

/** The schema of a body, which may hold no field that the description does not name. */
function closed(schema: object, { schemas }: Description["components"]): object {
  const { $ref } = schema as { $ref?: string };
  const name = $ref?.split("/").at(-1);
  const found = name === undefined ? schema : schemas[name];
  return { ...found, additionalProperties: false };
}

const MACHINE = "/apps/{app_name}/machines/{machine_id}";
const CALLS = [
  `delete ${MACHINE}`,
  `delete ${MACHINE}/lease`,
  `delete ${MACHINE}/metadata/{key}`,
  "get /apps/{app_name}/machines",
  `get ${MACHINE}`,
  `get ${MACHINE}/lease`,
  `get ${MACHINE}/metadata`,
  `get ${MACHINE}/wait`,
  "get /apps/{app_name}/volumes",
  "get /orgs/{org_slug}/machines",
  "get /platform/regions",
  `patch ${MACHINE}/metadata`,
  "post /apps/{app_name}/machines",
  `post ${MACHINE}`,
  `post ${MACHINE}/cordon`,
  `post ${MACHINE}/lease`,
  `post ${MACHINE}/metadata/{key}`,
  `post ${MACHINE}/start`,
  `post ${MACHINE}/stop`,
  `post ${MACHINE}/suspend`,
  `post ${MACHINE}/uncordon`,
  "post /apps/{app_name}/volumes",
  "post /platform/placements",
];
