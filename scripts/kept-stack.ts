/**
 * Where the stack is that `npm run demo -- --keep` left running: its addresses and its token, in .flyahead/stack.json,
 * readable by its owner only. The demo writes the file and removes it; every other script reads it, so that in another
 * terminal nothing has to be typed. FLYAHEAD_STACK names another file.
 *
 * The trap: a demo that was killed hard leaves the file behind. What it names is then away, and a script says so.
 */
import { mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "./user-error.ts";

export type KeptStack = {
  /** As the database's owner. */
  readonly databaseUrl: string;
  /** To which /<slug> is added. */
  readonly functionsUrl: string;
  /** The simulated Fly, whose clock is at /_sim/clock. */
  readonly flyUrl: string;
  /** With the scopes tick, ingest and read. */
  readonly token: string;
};

const FIELDS = ["databaseUrl", "functionsUrl", "flyUrl", "token"] as const;

export function keptStackFile(): string {
  const named = process.env.FLYAHEAD_STACK;
  return named ? named : join(dirname(fileURLToPath(import.meta.url)), "..", ".flyahead", "stack.json");
}

/** null where no stack is kept. @throws UserError where the file is not what the demo writes. */
export function readKeptStack(): KeptStack | null {
  const file = keptStackFile();
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return null;
  }
  try {
    const stack = JSON.parse(text) as Record<string, unknown> | null;
    if (FIELDS.every((field) => typeof stack?.[field] === "string")) return stack as unknown as KeptStack;
  } catch {}
  throw new UserError(
    `${file} holds no JSON with ${FIELDS.join(", ")}. Remove it, or start the demo with --keep again.`,
  );
}

/** Why this demo cannot be the kept one: another is, and lives. null: it can. */
export function otherKeptStack(): string | null {
  const file = keptStackFile();
  const owner = ownerOf(file);
  if (owner === null || owner === process.pid || !isAlive(owner)) return null;
  return `${file} is of another demo that is kept (process ${owner}). End that one, or name another file in FLYAHEAD_STACK.`;
}

/** Leaves the file alone where it is another living demo's; `remove` takes away what was written here, and nothing else. */
export function keepStackFile({ databaseUrl, functionsUrl, flyUrl, token }: KeptStack) {
  const file = keptStackFile();
  const isOurs = otherKeptStack() === null;
  if (isOurs) {
    mkdirSync(dirname(file), { recursive: true });
    const text = JSON.stringify({ databaseUrl, functionsUrl, flyUrl, token, pid: process.pid });
    writeFileSync(file, text, { mode: 0o600 });
  }
  return {
    isOurs,
    remove() {
      if (ownerOf(file) === process.pid) removeWithFolder(file);
    },
  };
}

/** The process that wrote the file; null where there is none, or nobody's name in it. */
function ownerOf(file: string): number | null {
  try {
    const { pid } = JSON.parse(readFileSync(file, "utf8")) as { pid?: unknown };
    return typeof pid === "number" && pid > 1 ? pid : null;
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function removeWithFolder(file: string): void {
  rmSync(file, { force: true });
  try {
    rmdirSync(dirname(file));
  } catch {
    // It holds something else, and stays.
  }
}
