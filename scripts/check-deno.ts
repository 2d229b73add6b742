// Type-checks every edge function with the Deno that will run it, without a network: packages come from node_modules, and
// DENO_DIR is a temp folder, as the user's own cache would hide a missing package. Two traps. With --config Deno 2.1.4 does not see
// the root's package.json and then fails on `types="node"` in postgres' types, hence --import-map, which reads the same "imports".
// And beside a node_modules it takes any package found there, also one that deno.json does not name and a deployed
// function would not have: so the names that the files import are compared with deno.json here.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { createCleanup } from "../src/local/cleanup.ts";
import { denoBinary, denoEnv } from "../src/local/deno-binary.ts";
import { runToEnd } from "../src/local/run-to-end.ts";
import { makeTempFolder } from "../src/local/temp-folder.ts";

const root = resolve(process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), ".."));

function findFunctions(): string[] {
  const folder = join(root, "functions");
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((slug) => existsSync(join(folder, slug, "index.ts")));
}

interface ModuleGraph {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly { readonly specifier: string }[];
  }[];
}

/** One line for each bare name that a file of the function imports and its deno.json does not map. */
function undeclared(graph: ModuleGraph, config: { imports?: Record<string, string> }): string[] {
  const names = Object.keys(config.imports ?? {});
  const isDeclared = (specifier: string) =>
    names.some((name) => specifier === name || specifier.startsWith(name.endsWith("/") ? name : `${name}/`));
  const isBare = (specifier: string) => !/^(\.{0,2}\/|[a-z]+:)/.test(specifier);
  return graph.modules
    .filter(({ specifier }) => specifier.startsWith("file:") && !specifier.includes("/node_modules/"))
    .flatMap(({ specifier: file, dependencies = [] }) =>
      dependencies
        .filter(({ specifier }) => isBare(specifier) && !isDeclared(specifier))
        .map(
          ({ specifier }) =>
            `${fileURLToPath(file)} imports "${specifier}", which deno.json does not map to a package.`,
        ),
    );
}

/** What is wrong with a function, or undefined. */
async function check(slug: string, folder: string): Promise<string | undefined> {
  const at = join(root, "functions", slug);
  const config = join(at, "deno.json");
  const flags = [
    "--no-remote",
    "--no-lock",
    "--node-modules-dir=manual",
    "--import-map",
    config,
    join(at, "index.ts"),
  ];
  const deno = (what: string, ...args: string[]) =>
    runToEnd({
      name: `deno ${what}`,
      command: denoBinary(),
      args: [what, ...args, ...flags],
      cwd: root,
      env: denoEnv(folder),
    });
  try {
    const [graph] = await Promise.all([deno("info", "--json"), deno("check", "--quiet")]);
    const faults = undeclared(JSON.parse(graph), JSON.parse(readFileSync(config, "utf8")));
    return faults.length > 0 ? faults.join("\n") : undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

const cleanup = createCleanup();
const folder = makeTempFolder();
cleanup.add(folder.remove);
const slugs = findFunctions();
const faults = (await Promise.all(slugs.map((slug) => check(slug, folder.path)))).filter(
  (fault) => fault !== undefined,
);
await cleanup.close();
for (const [index, slug] of slugs.entries()) {
  const fault = faults[index];
  if (fault === undefined) console.log(`functions/${slug}: fine`);
  else console.error(`functions/${slug}: ${fault}\n`);
}
if (slugs.length === 0)
  console.error(`There is no functions/<slug>/index.ts in ${root}: nothing was checked.`);
process.exitCode = slugs.length === 0 || faults.some((fault) => fault !== undefined) ? 1 : 0;
