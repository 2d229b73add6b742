// What `supabase functions deploy` uploads is all that the hosted function has. So: deploy with the real CLI to a fake API,
// write exactly the uploaded files to an empty folder, serve them with real Deno, and call them. npm packages come from this
// project's node_modules, linked beside each deno.json: the host would fetch them, by the names and versions in that file.
// The trap: with a package.json in the folder Deno would also resolve names that deno.json forgot.
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startDenoFunction } from "../../src/local/deno.ts";
import { makeTempFolder, type TempFolder } from "../../src/local/temp-folder.ts";
import { ACCESS_TOKEN, type Deployment, type ManagementApi, startManagementApi } from "./management-api.ts";
import { copyProject, PROJECT, supabase } from "./supabase-cli.ts";

const REF = "abcdefghijklmnopqrst";
const SLUGS = readdirSync(join(PROJECT, "functions")).sort();

/** Enough to start; nothing listens at these addresses, and an unauthenticated call needs none of them. */
const ENVIRONMENT = {
  DATABASE_URL: "postgres://flyahead:unused@127.0.0.1:9/flyahead",
  REDIS_URL: "http://127.0.0.1:9",
  REDIS_TOKEN: "unused",
  FLY_API_TOKEN: "fm2_unused",
  FLY_APPS: "example",
  LOCAL_MODE: "true",
};

/** A call of each function that needs a token. */
const CLOSED: Readonly<Record<string, readonly [method: string, path: string]>> = {
  "auto-scaling": ["POST", "/auto-scaling"],
  traffic: ["POST", "/traffic"],
  status: ["GET", "/status/pools"],
};

let temp: TempFolder;
let api: ManagementApi;

beforeAll(async () => {
  temp = makeTempFolder();
  api = await startManagementApi(REF);
  const workdir = join(temp.path, "project");
  copyProject(workdir, ["supabase", "functions", "src", "migrations"]);
  const profile = join(temp.path, "profile.yaml");
  writeFileSync(profile, api.profile);
  await supabase(["functions", "deploy", "--use-api", `--remote=${REF}`, "--profile", profile], {
    home: temp.path,
    workdir,
    env: { SUPABASE_ACCESS_TOKEN: ACCESS_TOKEN },
  });
});

afterAll(async () => {
  await api?.close();
  temp?.remove();
});

function deployment(slug: string): Deployment {
  const found = api.deployments.find((one) => one.slug === slug);
  if (!found)
    throw new Error(`${slug} was not deployed; deployed: ${api.deployments.map((one) => one.slug)}.`);
  return found;
}

/** An empty folder with the uploaded files in it, under their paths. */
function unpack({ slug, files }: Deployment): string {
  const folder = join(temp.path, `hosted-${slug}`);
  for (const [path, content] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  symlinkSync(join(PROJECT, "node_modules"), join(folder, "functions", slug, "node_modules"));
  return folder;
}

test("every folder of functions/ is deployed and made live, and nothing else", () => {
  expect(api.deployments.map(({ slug }) => slug).sort()).toEqual(SLUGS);
  expect([...api.live()].sort()).toEqual(SLUGS);
});

describe.each(SLUGS)("%s", (slug) => {
  test("is deployed without verify_jwt, with its entrypoint and its deno.json", () => {
    const { metadata, files } = deployment(slug);
    expect(metadata).toMatchObject({
      name: slug,
      verify_jwt: false,
      entrypoint_path: `functions/${slug}/index.ts`,
      import_map_path: `functions/${slug}/deno.json`,
    });
    expect([...files.keys()]).toEqual(
      expect.arrayContaining([`functions/${slug}/index.ts`, `functions/${slug}/deno.json`]),
    );
  });

  test("uploads nothing of the simulator, the local stack or the tests", () => {
    const foreign = [...deployment(slug).files.keys()].filter(
      (path) => !/^(functions\/|src\/(core|tick|adapters|api)\/|src\/[a-z]+\.ts$)/.test(path),
    );
    expect(foreign).toEqual([]);
  });

  test("the uploaded files, alone, are served by Deno and refuse a call without a token", async () => {
    const folder = unpack(deployment(slug));
    const served = await startDenoFunction({
      entrypoint: join(folder, "functions", slug, "index.ts"),
      config: join(folder, "functions", slug, "deno.json"),
      env: ENVIRONMENT,
      folder: temp.path,
    });
    try {
      const [method, path] = CLOSED[slug]!;
      const headers = { "content-type": "application/json" };
      const response = await fetch(`${served.url}${path}`, {
        ...{ method, headers },
        ...(method === "POST" ? { body: "{}" } : {}),
      });
      const text = await response.text();
      expect(response.status, `${text}\n${served.log()}`).toBe(401);
      expect(response.headers.get("content-type")).toMatch(/^application\/problem\+json/);
      expect(JSON.parse(text)).toMatchObject({ status: 401, title: expect.any(String) });
    } finally {
      await served.close();
    }
  });
});
