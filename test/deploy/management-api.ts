// The few endpoints of Supabase's management API that `functions deploy --use-api` calls, on 127.0.0.1: it keeps what was
// uploaded. The CLI is sent here by a profile, a YAML file with the API's address.
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

export interface Deployment {
  readonly slug: string;
  /** What the CLI says of the function: entrypoint_path, import_map_path, verify_jwt, … */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Uploaded files by their path in the repository. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

export interface ManagementApi {
  /** The text of a profile file for the CLI's --profile. */
  readonly profile: string;
  /** Uploads so far, in order. */
  readonly deployments: readonly Deployment[];
  /** The functions that the last PUT made live. */
  live(): readonly string[];
  close(): Promise<void>;
}

/** The token that the CLI must send; its shape is one that the CLI accepts. */
export const ACCESS_TOKEN = `sbp_${"0123456789".repeat(4)}`;

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function readDeployment(slug: string, contentType: string, body: Buffer): Promise<Deployment> {
  const form = await new Response(body, { headers: { "content-type": contentType } }).formData();
  const files = new Map<string, Uint8Array>();
  for (const file of form.getAll("file")) {
    if (typeof file === "string") throw new Error(`Part "file" of ${slug} has no file name.`);
    files.set(file.name, new Uint8Array(await file.arrayBuffer()));
  }
  return { slug, metadata: JSON.parse(String(form.get("metadata"))), files };
}

/** Starts the fake for one project. */
export async function startManagementApi(ref: string): Promise<ManagementApi> {
  const deployments: Deployment[] = [];
  let live: string[] = [];

  async function answer(request: IncomingMessage): Promise<[status: number, body: unknown]> {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    const body = await read(request);
    if (request.headers.authorization !== `Bearer ${ACCESS_TOKEN}`) return [401, { message: "Unauthorized" }];
    const route = `${request.method} ${url.pathname.replace(`/v1/projects/${ref}`, "")}`;
    if (route === "GET /functions") return [200, []];
    if (route === "POST /functions/deploy") {
      const slug = url.searchParams.get("slug") ?? "";
      const deployment = await readDeployment(slug, request.headers["content-type"] ?? "", body);
      deployments.push(deployment);
      const { verify_jwt } = deployment.metadata;
      const times = { created_at: 1, updated_at: 1 };
      return [201, { id: slug, slug, name: slug, version: 1, status: "ACTIVE", verify_jwt, ...times }];
    }
    if (route === "PUT /functions") {
      const functions: { slug: string }[] = JSON.parse(body.toString("utf8"));
      live = functions.map(({ slug }) => slug);
      return [200, { functions }];
    }
    return [404, { message: `The fake has no ${request.method} ${url.pathname}` }];
  }

  const server = createServer(async (request, response) => {
    const [status, body] = await answer(request).catch((error) => [500, { message: String(error) }] as const);
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const profile = [
    "name: fake",
    `api_url: ${address}`,
    `dashboard_url: ${address}`,
    "project_host: 127.0.0.1",
  ];
  return {
    profile: `${profile.join("\n")}\n`,
    deployments,
    live: () => live,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}
