// Which room may import which (DESIGN section 3), and which libraries. A room may import itself. `adapters/x` names one
// outside system's room, `adapters` all of them. What is not in the table (scripts, bench, test) may import anything.
// Two lines are ours: tick reads errors (it tells Fly's refusals apart), and config fills in what core and tick ask for.
import { posix } from "node:path";
import { type Fault, type Import, importsOf, type Tree } from "./scan.ts";

interface Room {
  readonly may: readonly string[];
  /** Libraries by name or by scope; "any" also allows node: modules and devDependencies. */
  readonly libraries: readonly string[] | "any";
  readonly typesOnly?: boolean;
}

const ADAPTER_MAY = ["core", "ports", "errors", "adapters/http"];

const ROOMS: Readonly<Record<string, Room>> = {
  core: { may: [], libraries: [] },
  ports: { may: ["core"], libraries: [], typesOnly: true },
  errors: { may: [], libraries: [] },
  tick: { may: ["core", "ports", "errors"], libraries: [] },
  "adapters/experts": { may: ADAPTER_MAY, libraries: ["zod"] },
  "adapters/fly": { may: ADAPTER_MAY, libraries: ["zod"] },
  "adapters/postgres": { may: ADAPTER_MAY, libraries: ["postgres", "node:net"] },
  "adapters/prometheus": { may: ADAPTER_MAY, libraries: ["zod"] },
  "adapters/upstash": { may: ADAPTER_MAY, libraries: ["@upstash"] },
  "adapters/system": { may: [...ADAPTER_MAY, "adapters/redact"], libraries: ["node:async_hooks"] },
  adapters: { may: ADAPTER_MAY, libraries: [] },
  api: { may: ["core", "ports", "errors"], libraries: ["hono", "zod"] },
  config: { may: ["core", "tick"], libraries: ["zod"] },
  wire: { may: ["config", "adapters", "ports"], libraries: [] },
  sim: { may: ["core", "ports", "tick", "adapters/memory"], libraries: "any" },
  local: { may: ["sim"], libraries: "any" },
  functions: { may: ["wire", "config", "api", "tick", "core"], libraries: [] },
};

/** The room of a file: "core", "adapters/fly", "config", "functions", …; undefined for scripts, bench, test and the root. */
export function roomOf(file: string): string | undefined {
  const [top, first = "", second = ""] = file.split("/");
  if (top === "functions") return "functions";
  if (top !== "src") return undefined;
  const name = (part: string) => part.replace(/\.ts$/, "");
  return first === "adapters" ? `adapters/${name(second)}` : name(first);
}

const rulesOf = (room: string): Room | undefined => ROOMS[room] ?? ROOMS[room.replace(/\/.*/, "")];
const within = (room: string, allowed: string) => room === allowed || room.startsWith(`${allowed}/`);

/** The package that a bare specifier belongs to. */
export const packageOf = (specifier: string) =>
  specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");

/** The file that a relative specifier means. */
export const resolveFrom = (file: string, specifier: string) =>
  posix.normalize(posix.join(posix.dirname(file), specifier));

export const isRelative = (specifier: string) => /^\.\.?\//.test(specifier);

interface Packages {
  readonly dependencies: readonly string[];
  readonly devDependencies: readonly string[];
}

function relativeFault(file: string, { specifier, typeOnly }: Import, tree: Tree): string | undefined {
  const name = specifier!;
  if (!/\.(ts|json)$/.test(name))
    return `"${name}" does not end in .ts: the Supabase bundler would not follow it`;
  const target = resolveFrom(file, name);
  if (!tree.has(target)) return `"${name}" is no file of this project`;
  const from = roomOf(file);
  if (from === undefined) return undefined;
  const to = roomOf(target) ?? target.split("/")[0]!;
  if (from === to) return undefined;
  const rules = rulesOf(from)!;
  if (!rules.may.some((allowed) => within(to, allowed)))
    return `${from} may not import ${to}: it may import ${rules.may.join(", ") || "nothing but itself"}`;
  if (rules.typesOnly && !typeOnly) return `${from} may import only types of ${to}: write import type`;
  return undefined;
}

function libraryFault(file: string, specifier: string, packages: Packages): string | undefined {
  if (/^(npm|jsr|https?|file|data):/.test(specifier) || specifier.startsWith("/"))
    return `"${specifier}" is not a bare name: map the bare name in deno.json and declare it in package.json`;
  const room = roomOf(file);
  const libraries = room === undefined ? "any" : rulesOf(room)!.libraries;
  const name = packageOf(specifier);
  if (libraries !== "any" && !libraries.some((allowed) => within(name, allowed)))
    return `${room} may not import "${specifier}": its libraries are ${libraries.join(", ") || "none"}`;
  if (specifier.startsWith("node:")) return undefined;
  const declared =
    libraries === "any" ? [...packages.dependencies, ...packages.devDependencies] : packages.dependencies;
  return declared.includes(name) ? undefined : `"${name}" is not declared in package.json`;
}

/** Imports that the table, the spelling of names or package.json forbid. */
export function importFaults(tree: Tree, packages: Packages): Fault[] {
  const faults: Fault[] = [];
  for (const [file, source] of tree) {
    if (!file.endsWith(".ts")) continue;
    const room = roomOf(file);
    if (room !== undefined && !rulesOf(room)) {
      faults.push({ file, line: 1, why: `src has no room "${room}": DESIGN section 3 lists the rooms` });
      continue;
    }
    for (const one of importsOf(source)) {
      const { specifier, line } = one;
      const why =
        specifier === null
          ? room &&
            rulesOf(room)!.libraries !== "any" &&
            "import() of a computed name cannot be followed by a bundler"
          : isRelative(specifier)
            ? relativeFault(file, one, tree)
            : libraryFault(file, specifier, packages);
      if (why) faults.push({ file, line, why });
    }
  }
  return faults;
}
