/**
 * The description of our own endpoints (OpenAPI 3.1), made from the routes: their schemas are those by which requests are
 * read, and the problems are those of problem.ts. So it cannot say what the code does not; that the code does what
 * it says, a test sees to.
 */
import { z } from "zod";
import { PROBLEMS, type ProblemType } from "./problem.ts";
import type { Route } from "./route.ts";

type Json = Record<string, unknown>;

/** Each function's routes, by its slug. */
export function describeApi(functions: Readonly<Record<string, readonly Route[]>>): Json {
  const paths: Record<string, Json> = {};
  for (const [slug, routes] of Object.entries(functions)) {
    for (const route of routes) {
      const path = pathOf(slug, route);
      paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(slug, route) };
    }
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "flyahead",
      version: "0.1.0",
      description: "Paths are below the functions' address, such as https://<ref>.supabase.co/functions/v1.",
      license: { name: "MIT", identifier: "MIT" },
    },
    paths,
    components: {
      securitySchemes: {
        token: {
          type: "http",
          scheme: "bearer",
          description: "a flyahead token with the scope that is named",
        },
      },
      schemas: { Problem: problemSchema() },
    },
  };
}

export function pathOf(slug: string, { path }: Route): string {
  return `/${slug}${path === "/" ? "" : path.replace(/:(\w+)/g, "{$1}")}`;
}

/** What a call may be refused with: what the composition refuses, and what the handler does. Ascending by status. */
export function problemsOf(route: Route): ProblemType[] {
  const types = new Set<ProblemType>([
    ...route.problems,
    "rate-limited",
    "bad-request",
    "configuration",
    "internal",
  ]);
  if (route.scope !== null)
    for (const type of ["unauthorized", "forbidden", "unavailable"] as const) types.add(type);
  if (route.body)
    for (const type of ["payload-too-large", "unsupported-media-type", "too-slow"] as const) types.add(type);
  if (route.keyed) for (const type of ["still-running", "key-reused"] as const) types.add(type);
  return [...types].sort((a, b) => PROBLEMS[a].status - PROBLEMS[b].status);
}

function operationOf(slug: string, route: Route): Json {
  const { method, path, scope, summary, params, query, body, keyed } = route;
  const parameters = [
    ...parametersOf("path", params),
    ...parametersOf("query", query),
    ...(keyed ? [idempotencyKey()] : []),
  ];
  return {
    operationId: `${method.toLowerCase()} ${slug}${path === "/" ? "" : path}`.replace(/[^A-Za-z]+/g, "_"),
    summary,
    security: scope === null ? [] : [{ token: [scope] }],
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body
      ? { requestBody: { content: mapValues(body.types, (type) => ({ schema: inputOf(type) })) } }
      : {}),
    responses: { "200": answerOf(route), ...refusalsOf(route) },
  };
}

function answerOf({ answer, scope }: Route): Json {
  const headers = {
    "x-request-id": { schema: { type: "string" }, description: "names the request, also in the log" },
    ...(scope === null
      ? {}
      : mapValues(LIMITS, (description) => ({ schema: { type: "string" }, description }))),
  };
  return {
    description: "done",
    headers,
    content: { "application/json": { schema: schemaOf(answer, "output") } },
  };
}

const LIMITS = {
  "ratelimit-limit": "requests a minute with this token and scope",
  "ratelimit-remaining": "of these, left",
  "ratelimit-reset": "seconds until all are there again",
};

/** Several types may share a status; `type` tells them apart. */
function refusalsOf(route: Route): Json {
  const byStatus = new Map<number, ProblemType[]>();
  for (const type of problemsOf(route)) {
    const { status } = PROBLEMS[type];
    byStatus.set(status, [...(byStatus.get(status) ?? []), type]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, types]) => {
      const urns = types.map((type) => `urn:flyahead:problem:${type}`);
      const own = { properties: { type: { enum: urns }, status: { const: status } } };
      const schema = { allOf: [{ $ref: "#/components/schemas/Problem" }, own] };
      const description = types.map((type) => `${type}: ${PROBLEMS[type].means}`).join("; ");
      return [String(status), { description, content: { "application/problem+json": { schema } } }];
    }),
  );
}

function problemSchema(): Json {
  return schemaOf(
    z
      .looseObject({
        type: z.string().regex(/^urn:flyahead:problem:[a-z-]+$/),
        title: z.string(),
        status: z.int().min(400).max(599),
        detail: z.string().describe("what is wrong, and what to do next"),
        requestId: z.string(),
        faults: z.array(z.string()).optional().describe("each fault of the request or the configuration"),
      })
      .describe("RFC 9457; some types have more members"),
    "output",
  );
}

function parametersOf(place: "path" | "query", shape: z.ZodObject | undefined): Json[] {
  if (shape === undefined) return [];
  const { properties = {}, required = [] } = inputOf(shape) as { properties?: Json; required?: string[] };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    schema,
  }));
}

function idempotencyKey(): Json {
  const description =
    "the same key with the same request within a day is answered as the first was, and not done again";
  const schema = { type: "string", minLength: 1, maxLength: 255 };
  return { name: "Idempotency-Key", in: "header", required: false, description, schema };
}

function inputOf(schema: z.ZodType): Json {
  return schemaOf(schema, "input");
}

function schemaOf(schema: z.ZodType, io: "input" | "output"): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" }) as Json;
  return rest;
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}
