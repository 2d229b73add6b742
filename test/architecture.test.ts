// The walls of the house (DESIGN section 3): who may import whom, where clock and chance are read, what the deployed
// functions can reach. Each rule is tried on made-up sources first, so that we know it can fail; then on the project.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { functionFaults } from "./architecture/functions.ts";
import { mirrorFaults } from "./architecture/mirror.ts";
import { outgoingFaults } from "./architecture/outgoing.ts";
import { importFaults } from "./architecture/rooms.ts";
import { type Fault, importsOf, scan } from "./architecture/scan.ts";
import { wordFaults } from "./architecture/words.ts";

const PROJECT = resolve(fileURLToPath(import.meta.url), "../..");
const { dependencies, devDependencies } = JSON.parse(readFileSync(join(PROJECT, "package.json"), "utf8"));

function readTree(): Map<string, string> {
  const tree = new Map<string, string>();
  const tops = ["src", "functions", "scripts", "bench", "test"].filter((top) =>
    existsSync(join(PROJECT, top)),
  );
  for (const top of tops) {
    for (const entry of readdirSync(join(PROJECT, top), { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const name = relative(PROJECT, path).split(sep).join("/");
      if (!entry.isFile() || !/\.(ts|json)$/.test(name) || /node_modules|^test\/fixtures\//.test(name))
        continue;
      tree.set(name, readFileSync(path, "utf8"));
    }
  }
  return tree;
}

const PACKAGES = { dependencies: Object.keys(dependencies), devDependencies: Object.keys(devDependencies) };
const treeOf = (files: Record<string, string>) => new Map(Object.entries(files));
const list = (faults: readonly Fault[]) => faults.map(({ file, line, why }) => `${file}:${line} ${why}`);

describe("the scanner", () => {
  test("finds every form of import, with its line, and nothing in comments, strings and templates", () => {
    const source = `// import "./comment.ts"
      import one, { two as three } from "./a.ts"; /* import "./block.ts"; */
      import type { Four } from './b.ts';
      import { type Five, type Six } from "./c.ts";
      import { type Seven, eight } from "./d.ts";
      export * from "./e.ts";
      export type { Nine } from "./f.ts";
      import "./g.ts";
      const text = "import './string.ts'"; const quote = /["']/; const half = one! / two; const more = 'x' / 2;
      const page = \`import "./template.ts" \${await import("./h.ts")} \${\`\${"}"}\`} from "./tail.ts"\`;
      import(name);`;
    const found = importsOf(source).map(({ specifier, typeOnly, line }) => [specifier, typeOnly, line]);
    expect(found.sort((a, b) => Number(a[2]) - Number(b[2]))).toEqual([
      ["./a.ts", false, 2],
      ["./b.ts", true, 3],
      ["./c.ts", true, 4],
      ["./d.ts", false, 5],
      ["./e.ts", false, 6],
      ["./f.ts", true, 7],
      ["./g.ts", false, 8],
      ["./h.ts", false, 10],
      [null, false, 11],
    ]);
  });

  test("blanks comments, and in code what is quoted, and keeps every offset", () => {
    const source = `a("b c"); // d\n/* e\nf */ g(\`h \${i("j")}\`, /k"/);`;
    const { code, text } = scan(source);
    expect(text).toBe(`a("b c");     \n    \n     g(\`h \${i("j")}\`, /k"/);`);
    expect(code).toBe(`a("   ");     \n    \n     g(\`  \${i(" ")}\`, /  /);`);
  });
});

describe("each rule can fail", () => {
  const others = {
    "src/core/a.ts": "export const a = 1; export type A = 1;",
    "src/ports.ts": 'import type { A } from "./core/a.ts"; export type P = A;',
    "src/errors.ts": "export const e = 1;",
    "src/tick/run.ts": 'import { a } from "../core/a.ts"; import type { P } from "../ports.ts";',
    "src/adapters/http.ts": "export const h = 1;",
    "src/adapters/memory/lock.ts": 'import type { P } from "../../ports.ts"; export const l = 1;',
    "src/sim/engine.ts":
      'import { l } from "../adapters/memory/lock.ts"; import { createServer } from "node:http";',
    "src/local/stack.ts": 'import { s } from "../sim/engine.ts"; import { Redis } from "ioredis";',
    "scripts/x.ts": 'import { s } from "../src/local/stack.ts"; import * as fc from "fast-check";',
  };
  const broken: Record<string, [file: string, source: string, why: string]> = {
    "core imports ports": [
      "src/core/b.ts",
      'import type { P } from "../ports.ts";',
      "core may not import ports: it may import nothing but itself",
    ],
    "core imports a library": [
      "src/core/b.ts",
      'import { z } from "zod";',
      'core may not import "zod": its libraries are none',
    ],
    "core imports a node module": [
      "src/core/b.ts",
      'import { hash } from "node:crypto";',
      'core may not import "node:crypto": its libraries are none',
    ],
    "ports imports a value": [
      "src/ports.ts",
      'import { a } from "./core/a.ts";',
      "ports may import only types of core: write import type",
    ],
    "tick imports an adapter": [
      "src/tick/b.ts",
      'import { l } from "../adapters/memory/lock.ts";',
      "tick may not import adapters/memory: it may import core, ports, errors",
    ],
    "an adapter imports another": [
      "src/adapters/fly/b.ts",
      'import { l } from "../memory/lock.ts";',
      "adapters/fly may not import adapters/memory: it may import core, ports, errors, adapters/http",
    ],
    "an adapter imports another system's library": [
      "src/adapters/fly/b.ts",
      'import postgres from "postgres";',
      'adapters/fly may not import "postgres": its libraries are zod',
    ],
    "the simulator imports the local stack": [
      "src/sim/b.ts",
      'import { s } from "../local/stack.ts";',
      "sim may not import local: it may import core, ports, tick, adapters/memory",
    ],
    "a function imports an adapter": [
      "functions/x/index.ts",
      'import { h } from "../../src/adapters/http.ts";',
      "functions may not import adapters/http: it may import wire, config, api, tick, core",
    ],
    "src imports a script": [
      "src/local/b.ts",
      'import "../../scripts/x.ts";',
      "local may not import scripts: it may import sim",
    ],
    "a new room": ["src/helpers/b.ts", "", 'src has no room "helpers": DESIGN section 3 lists the rooms'],
    "no ending": [
      "scripts/b.ts",
      'import "./x";',
      '"./x" does not end in .ts: the Supabase bundler would not follow it',
    ],
    "no such file": ["scripts/b.ts", 'import "./y.ts";', '"./y.ts" is no file of this project'],
    "a name that is not bare": [
      "src/api/b.ts",
      'import { z } from "npm:zod@4";',
      '"npm:zod@4" is not a bare name: map the bare name in deno.json and declare it in package.json',
    ],
    "an undeclared package": [
      "scripts/b.ts",
      'import _ from "lodash/fp";',
      '"lodash" is not declared in package.json',
    ],
    "a computed import": [
      "src/api/b.ts",
      "export const load = (x: string) => import(x);",
      "import() of a computed name cannot be followed by a bundler",
    ],
  };

  test.each(Object.entries(broken))("imports: %s", (_, [file, source, why]) => {
    expect(list(importFaults(treeOf(others), PACKAGES))).toEqual([]);
    const faults = importFaults(treeOf({ ...others, [file]: `\n${source}` }), PACKAGES);
    expect(faults.map(({ file, why }) => [file, why])).toEqual([[file, why]]);
    expect(faults[0]?.line).toBe(why.startsWith("src has no room") ? 1 : 2);
  });

  test.each([
    "Date.now()",
    "new Date()",
    "new Date",
    "Date()",
    "performance.now()",
    "Math.random()",
    "crypto.randomUUID()",
    "process.env.TZ",
    'Deno.env.get("TZ")',
    "globalThis.x",
    "console.log(1)",
    'fetch("/")',
    "setTimeout(f)",
    "async () => 1",
    "Promise.all([])",
    "day.getHours()",
  ])("words: %s in core", (source) => {
    const faults = wordFaults(treeOf({ "src/core/a.ts": `\n\nexport const x = ${source};\n` }));
    expect(faults[0]).toMatchObject({ file: "src/core/a.ts", line: 3 });
    expect(faults[0]?.why).toMatch(/core is pure/);
  });

  test("words: what core may say", () => {
    const source = `// await fetch("x"), Date.now()
      const text = "process.env, Math.random()"; const page = \`console \${a.fetch} \${new Date(0).getUTCHours()}\`;
      const processGroup = pool.process; const d = new Date(ms); type When = Date; Math.min(1); Date.UTC(2026, 0);`;
    expect(list(wordFaults(treeOf({ "src/core/a.ts": source })))).toEqual([]);
  });

  test("words: clock and chance only in src/adapters/system.ts, the simulator and the local stack", () => {
    const source = "export const at = () => Date.now() + Math.random() + Number(new Date(5));";
    const files = ["src/adapters/system.ts", "src/sim/a.ts", "src/local/a.ts", "scripts/a.ts", "test/a.ts"];
    expect(list(wordFaults(treeOf(Object.fromEntries(files.map((file) => [file, source])))))).toEqual([]);
    for (const file of ["src/adapters/fly/a.ts", "src/tick/a.ts", "src/wire.ts", "functions/x/index.ts"]) {
      expect(list(wordFaults(treeOf({ [file]: source })))).toEqual([
        `${file}:1 Date.now reads the clock; only src/adapters/system.ts may: take a Clock, or the value`,
        `${file}:1 Math.random draws chance; only src/adapters/system.ts may: take a Clock, or the value`,
      ]);
    }
    expect(wordFaults(treeOf({ "src/tick/a.ts": "await fetch(x); setTimeout(f, 1);" }))).toEqual([]);
  });

  test("functions: deno.json against package.json and against what index.ts reaches", () => {
    const check = (imports: Record<string, string>, more: Record<string, string> = {}) =>
      list(
        functionFaults(
          treeOf({
            "functions/x/index.ts": 'import { serve } from "../../src/api/serve.ts";',
            "functions/x/deno.json": JSON.stringify({ imports }),
            "src/api/serve.ts": 'import type { Hono } from "hono";\nimport { z } from "zod/mini";',
            ...more,
          }),
          { zod: "4.6.7", hono: "4.13.19" },
        ),
      );
    const right = { zod: "npm:zod@4.6.7", hono: "npm:hono@4.13.19" };
    expect(check(right)).toEqual([]);
    expect(check({ ...right, "zod/mini": "npm:zod@4.6.7/mini" })).toEqual([]);
    expect(check({ ...right, zod: "npm:zod@4.6.70" })).toEqual([
      'functions/x/deno.json:1 "zod" is npm:zod@4.6.70, but package.json\'s version makes it npm:zod@4.6.7',
    ]);
    expect(check({ ...right, lodash: "npm:lodash@4.0.0" })).toEqual([
      'functions/x/deno.json:1 "lodash" is not a dependency in package.json',
    ]);
    expect(check({ hono: right.hono })).toEqual([
      'src/api/serve.ts:2 functions/x/deno.json does not map "zod/mini", and functions/x/index.ts reaches it',
    ]);
    const reaching = { "src/api/serve.ts": 'import "../local/x.ts";', "src/local/x.ts": "" };
    expect(check(right, reaching)).toEqual([
      "src/local/x.ts:1 functions/x/index.ts reaches it, and a deployed function must not",
    ]);
    expect(list(functionFaults(treeOf({ "functions/x/index.ts": "" }), {}))).toEqual([
      "functions/x/index.ts:1 has no deno.json beside it",
    ]);
  });

  test("outgoing: every adapter of an outside system is wired through the guard", () => {
    const imports = `
      import { createFly } from "./adapters/fly/fly.ts"; import { createMemoryCache } from "./adapters/memory/cache.ts";
      import { createLock } from "./adapters/upstash/lock.ts"; import { createUpstashHealth } from "./adapters/upstash/health.ts";
      import { createSamples } from "./adapters/postgres/samples.ts"; import { connectRedis } from "./adapters/upstash/redis.ts";
      const bare = connectRedis({ url }); const redis = connectRedis({ url, through: outgoing.through("redis", j) });`;
    const check = (wiring: string) =>
      list(outgoingFaults(treeOf({ "src/wire.ts": `${imports}\n${wiring}` })));
    const past = (name: string) => [
      `src/wire.ts:6 ${name} calls out past the guard: hand it to outgoing, or make it of something that goes through it`,
    ];
    const right = `const ports = { api: outgoing.machineApi(createFly({ fetch })), lock: createLock(redis, log), cache: createMemoryCache(),
      beat: createFly(url, outgoing.sender("x", fetch)), samples: outgoing.port("postgres", createSamples(sql), j), health: createUpstashHealth(bare) };`;
    expect(check(right)).toEqual([]);
    expect(check("const api = createFly({ fetch });")).toEqual(past("createFly"));
    expect(check("const lock = createLock(bare, log);")).toEqual(past("createLock"));
    expect(check("const ports = { samples: createSamples(sql), ...outgoing.port(other) };")).toEqual(
      past("createSamples"),
    );
    expect(check("f(outgoing.sender(x), createSamples(sql));")).toEqual(past("createSamples"));
  });

  test.each([
    ["src/api/a.ts", "await fetch(url);", "calls fetch itself; take one from wire.ts"],
    ["functions/x/index.ts", "fetch(url);", "calls fetch itself; take one from wire.ts"],
    ["src/tick/a.ts", "new Redis({ url });", "makes a Redis client; only connectRedis may"],
    [
      "src/adapters/postgres/a.ts",
      "const sql = postgres(url);",
      "connects to Postgres; only connectPostgres may",
    ],
    ["src/adapters/fly/a.ts", "new WebSocket(url);", "opens a way out past the guard"],
  ])("outgoing: %s may not say %s", (file, source, why) => {
    expect(list(outgoingFaults(treeOf({ [file]: source })))).toEqual([`${file}:1 ${why}`]);
    expect(
      list(outgoingFaults(treeOf({ [file]: "// fetch(x)\nports.fetch(x); client.postgres(y);" }))),
    ).toEqual([]);
  });

  test("mirror: core, tick and adapters have their tests under the same name", () => {
    const house = {
      "src/core/forecast/level.ts": "export const level = 1;",
      "src/core/events/event.ts": "export type Event = 1;",
      "src/adapters/upstash/lock.ts": "export const lock = 1;",
      "test/core/forecast/any-name.test.ts": 'import { level } from "../../../src/core/forecast/level.ts";',
      "test/contracts/lock.test.ts": 'import { lock } from "../../src/adapters/upstash/lock.ts";',
    };
    expect(list(mirrorFaults(treeOf(house)))).toEqual([]);
    const { "test/contracts/lock.test.ts": contract, ...rest } = house;
    const elsewhere = { ...rest, "test/scripts/lock.test.ts": contract, "test/core/odd/a.test.ts": "" };
    expect(list(mirrorFaults(treeOf(elsewhere)))).toEqual([
      "test/core/odd/a.test.ts:1 mirrors nothing: there is no folder src/core/odd/",
      "src/adapters/upstash/lock.ts:1 no test in test/adapters/upstash/ or test/contracts/ imports src/adapters/upstash/",
    ]);
  });
});

describe("the project keeps them", () => {
  const tree = readTree();

  test("imports", () => {
    expect(tree.has("src/ports.ts")).toBe(true);
    expect(list(importFaults(tree, PACKAGES))).toEqual([]);
  });

  test("words", () => {
    expect(list(wordFaults(tree))).toEqual([]);
  });

  test("functions", () => {
    expect([...tree.keys()].filter((file) => /^functions\/.*\/index\.ts$/.test(file))).not.toEqual([]);
    expect(list(functionFaults(tree, dependencies))).toEqual([]);
  });

  test("outgoing", () => {
    const wiring = tree.get("src/wire.ts")!;
    expect(wiring).toMatch(/outgoing\.machineApi\(/);
    for (const name of ["heartbeat", "experts", "prometheus"])
      expect(wiring).toContain(`outgoing.sender("${name}", fetch`);
    expect(list(outgoingFaults(tree))).toEqual([]);
  });

  test("mirror", () => {
    expect(list(mirrorFaults(tree))).toEqual([]);
  });
});
