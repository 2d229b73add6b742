// Nothing calls out but through the guard. Adapters of outside systems are made in src/wire.ts alone, and there each one is
// either handed to `outgoing`, or made of something that was: a fetch, or a client whose requests go `through` it. What may
// not ask a breaker (the breakers' own store, the health checks) is listed. The trap is a client made elsewhere.
import { type Fault, importsOf, lineAt, scan, type Tree } from "./scan.ts";

const WIRE = "src/wire.ts";
/** Rooms that reach nothing outside, or are the guard itself. */
const INSIDE = /^\.\/adapters\/(guard|memory|http|system\.ts|simulation\.ts)/;
const UNGUARDED = new Set([
  "createPostgresBreakerStore",
  "createUpstashBreakerStore",
  "createFlyHealth",
  "createPostgresHealth",
  "createUpstashHealth",
]);
/** Where connections and requests are made: here, and nowhere else below src. */
const MAKERS: readonly [pattern: RegExp, home: RegExp, what: string][] = [
  [
    /(?<![.\w$])fetch\s*\(/g,
    /^src\/(adapters\/http\.ts|sim\/|local\/)/,
    "calls fetch itself; take one from wire.ts",
  ],
  [
    /\bnew\s+Redis\s*\(/g,
    /^src\/(adapters\/upstash\/redis\.ts|local\/)/,
    "makes a Redis client; only connectRedis may",
  ],
  [
    /(?<![.\w$])postgres\s*\(/g,
    /^src\/(adapters\/postgres\/connect\.ts|local\/)/,
    "connects to Postgres; only connectPostgres may",
  ],
  [
    /(?<![.\w$])(?:WebSocket|EventSource|XMLHttpRequest)\b/g,
    /^src\/(sim|local)\//,
    "opens a way out past the guard",
  ],
];

/** The calls that enclose an offset, innermost first: "outgoing.port", "foo". */
function enclosing(code: string, offset: number): string[] {
  const calls: string[] = [];
  let depth = 0;
  for (let i = offset - 1; i >= 0; i--) {
    if (code[i] === ")") depth += 1;
    else if (code[i] === "(" && depth > 0) depth -= 1;
    else if (code[i] === "(") calls.push(/([\w$.]*)$/.exec(code.slice(0, i))![1]!);
  }
  return calls;
}

function argumentsAt(code: string, open: number): string {
  let depth = 0;
  for (let i = open; i < code.length; i++) {
    if (code[i] === "(") depth += 1;
    if (code[i] === ")" && --depth === 0) return code.slice(open + 1, i);
  }
  return code.slice(open + 1);
}

function wiringFaults(source: string): Fault[] {
  const { code, text } = scan(source);
  const callsOf = (name: string) => [...code.matchAll(new RegExp(`(?<![.\\w$])${name}\\s*\\(`, "g"))];
  const guardedClients = [...code.matchAll(/const\s+(\w+)\s*=\s*connectRedis\s*\(/g)]
    .filter((match) => /\bthrough\b/.test(argumentsAt(code, match.index + match[0].length - 1)))
    .map((match) => match[1]!);
  const isGuarded = new RegExp(`\\boutgoing\\.|\\b(?:${["through", ...guardedClients].join("|")})\\b`);
  const outside = importsOf(source).filter(
    ({ specifier }) => specifier?.startsWith("./adapters/") && !INSIDE.test(specifier),
  );
  const names = new Set(
    outside.flatMap(({ specifier }) => {
      const clause = new RegExp(
        `import\\s*\\{([^}]*)\\}\\s*from\\s*"${specifier!.replaceAll(".", "\\.")}"`,
      ).exec(text);
      return (clause?.[1] ?? "")
        .split(",")
        .map((name) => name.trim())
        .filter((name) => /^create/.test(name));
    }),
  );
  return [...names]
    .filter((name) => !UNGUARDED.has(name))
    .flatMap((name) => callsOf(name).map((match) => ({ name, match })))
    .filter(({ match }) => {
      const open = match.index + match[0].length - 1;
      const wrapped = enclosing(code, match.index).some((call) => call.startsWith("outgoing."));
      return !wrapped && !isGuarded.test(argumentsAt(code, open));
    })
    .map(({ name, match }) => ({
      file: WIRE,
      line: lineAt(source, match.index),
      why: `${name} calls out past the guard: hand it to outgoing, or make it of something that goes through it`,
    }));
}

/** Ways out that do not lead through the guard. */
export function outgoingFaults(tree: Tree): Fault[] {
  const faults = wiringFaults(tree.get(WIRE) ?? "");
  for (const [file, source] of tree) {
    if (!/^(src|functions)\/.*\.ts$/.test(file)) continue;
    const { code } = scan(source);
    for (const [pattern, home, what] of MAKERS) {
      if (home.test(file)) continue;
      for (const match of code.matchAll(pattern))
        faults.push({ file, line: lineAt(source, match.index), why: what });
    }
  }
  return faults;
}
