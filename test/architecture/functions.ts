// Each deployed function knows third-party packages only by its deno.json, Node only by package.json: the two must name
// the same versions, and deno.json must name every package that can be reached from index.ts.

import { isRelative, packageOf, resolveFrom } from "./rooms.ts";
import { type Fault, importsOf, type Tree } from "./scan.ts";

interface Reached {
  readonly files: ReadonlySet<string>;
  readonly bare: readonly { readonly specifier: string; readonly file: string; readonly line: number }[];
}

/** Everything that a file imports, and what that imports, and so on; types too, for `deno check` follows them. */
function reach(entry: string, tree: Tree): Reached {
  const files = new Set([entry]);
  const bare = [];
  for (const file of files) {
    for (const { specifier, line } of importsOf(tree.get(file) ?? "")) {
      if (specifier === null) continue;
      if (isRelative(specifier)) {
        const target = resolveFrom(file, specifier);
        if (tree.has(target)) files.add(target);
      } else if (!specifier.startsWith("node:")) bare.push({ specifier, file, line });
    }
  }
  return { files, bare };
}

function versionFaults(
  file: string,
  imports: Record<string, string>,
  versions: Record<string, string>,
): Fault[] {
  return Object.entries(imports).flatMap(([key, value]) => {
    const name = packageOf(key);
    const version = versions[name];
    if (version === undefined)
      return [{ file, line: 1, why: `"${name}" is not a dependency in package.json` }];
    const wanted = `npm:${name}@${version}`;
    if (`${value}/`.startsWith(`${wanted}/`)) return [];
    return [{ file, line: 1, why: `"${key}" is ${value}, but package.json's version makes it ${wanted}` }];
  });
}

/** Faults of every functions/<slug>: its deno.json against package.json's dependencies and against what index.ts reaches. */
export function functionFaults(tree: Tree, versions: Record<string, string>): Fault[] {
  const entries = [...tree.keys()].filter((file) => /^functions\/[^/]+\/index\.ts$/.test(file));
  return entries.flatMap((entry) => {
    const config = entry.replace("index.ts", "deno.json");
    const text = tree.get(config);
    if (text === undefined) return [{ file: entry, line: 1, why: "has no deno.json beside it" }];
    const imports: Record<string, string> = JSON.parse(text).imports ?? {};
    const { files, bare } = reach(entry, tree);
    const covered = (specifier: string) => specifier in imports || packageOf(specifier) in imports;
    return [
      ...versionFaults(config, imports, versions),
      ...bare
        .filter(({ specifier }) => !covered(specifier))
        .map(({ specifier, file, line }) => ({
          file,
          line,
          why: `${config} does not map "${specifier}", and ${entry} reaches it`,
        })),
      ...[...files]
        .filter((file) => /^src\/(sim|local)\//.test(file))
        .map((file) => ({ file, line: 1, why: `${entry} reaches it, and a deployed function must not` })),
    ];
  });
}
