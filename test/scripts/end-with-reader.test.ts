// Nobody reads any more, or the npm in front was told to end: then a script ends too, quietly, and closes what it opened.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { afterEach, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const WORDS = `
  import { endWithReader } from "./scripts/end-with-reader.ts";
  endWithReader();
  setInterval(() => console.log("a line of many"), 5);`;
const CLOSES = `${WORDS}
  process.once("SIGTERM", () => { console.error("closed"); process.exit(3); });`;

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

function start(shell: string, script: string, env: Record<string, string> = {}) {
  const child = spawn("sh", ["-c", shell], {
    cwd: root,
    env: { ...process.env, SCRIPT: script, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  const heard = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => {
    heard.stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    heard.stderr += chunk;
  });
  return { child, heard };
}
const RUN = `"${process.execPath}" --import tsx --input-type=module -e "$SCRIPT"`;

test.each([
  ["quietly", WORDS, 0, ""],
  ["and closes what it opened", CLOSES, 3, "closed\n"],
])("a script whose reader has gone ends: %s", async (_, script, status, stderr) => {
  const { child, heard } = start(`{ ${RUN}; echo "status $?" >&2; } | head -n 1`, script);
  await once(child, "close");
  expect(heard).toEqual({ stdout: "a line of many\n", stderr: `${stderr}status ${status}\n` });
});

test("a script whose npm was told to end does not stay behind", async () => {
  // What npm starts: a shell that waits for the script, and knows nothing of its signals.
  const { child, heard } = start(`${RUN}; true`, CLOSES, { npm_lifecycle_event: "demo" });
  await expect.poll(() => heard.stdout, { timeout: 20_000 }).toContain("a line");
  child.kill("SIGTERM");
  await once(child, "close");
  expect(heard.stderr).toBe("closed\n");
});
