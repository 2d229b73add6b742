// Words that a room may not use. Core is pure: values in, values out. Beyond it time and chance have one source,
// src/adapters/system.ts; simulator and local stack are programs of their own. The trap: `new Date(x)` is no clock.
import { type Fault, lineAt, scan, type Tree } from "./scan.ts";

interface Word {
  readonly pattern: RegExp;
  readonly why: string;
}

/** A global of this name, not a property of that name. */
const global = (names: string) => new RegExp(`(?<![.\\w$])(?:${names})\\b`, "g");

const CLOCK_AND_CHANCE: readonly Word[] = [
  {
    pattern: /\bDate\.now\b|\bnew\s+Date\b(?!\s*\(\s*[^)\s])|(?<!\bnew\s+)(?<![.\w$])Date\s*\(/g,
    why: "reads the clock",
  },
  { pattern: global("performance"), why: "reads the clock" },
  { pattern: /\bMath\.random\b|\bgetRandomValues\b|\brandom(?:UUID|Bytes|Int)\b/g, why: "draws chance" },
];

const IMPURE: readonly Word[] = [
  ...CLOCK_AND_CHANCE,
  { pattern: global("crypto"), why: "draws chance" },
  { pattern: global("process|Deno|globalThis"), why: "reads the environment" },
  {
    pattern: /\.(?:getTimezoneOffset|[gs]et(?:FullYear|Month|Date|Day|Hours|Minutes|Seconds))\b/g,
    why: "goes by the machine's time zone",
  },
  { pattern: global("console|fetch|WebSocket|require"), why: "does input or output" },
  { pattern: global("setTimeout|setInterval|setImmediate|queueMicrotask"), why: "waits" },
  { pattern: global("async|await|Promise"), why: "is asynchronous" },
];

function wordsFor(file: string): { words: readonly Word[]; cure: string } | undefined {
  if (file.startsWith("src/core/"))
    return { words: IMPURE, cure: "core is pure: hand the value in as an argument" };
  const free = file === "src/adapters/system.ts" || /^src\/(sim|local)\//.test(file);
  if (free || !/^(src|functions)\//.test(file)) return undefined;
  return { words: CLOCK_AND_CHANCE, cure: "only src/adapters/system.ts may: take a Clock, or the value" };
}

/** Uses of words that the file's room may not use. */
export function wordFaults(tree: Tree): Fault[] {
  const faults: Fault[] = [];
  for (const [file, source] of tree) {
    const rules = file.endsWith(".ts") ? wordsFor(file) : undefined;
    if (!rules) continue;
    const { code } = scan(source);
    for (const { pattern, why } of rules.words) {
      for (const match of code.matchAll(pattern)) {
        const line = lineAt(source, match.index);
        faults.push({ file, line, why: `${match[0].trim()} ${why}; ${rules.cure}` });
      }
    }
  }
  return faults;
}
