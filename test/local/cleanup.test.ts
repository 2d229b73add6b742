import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { createCleanup } from "../../src/local/cleanup.ts";
import { findProgram } from "../../src/local/redis.ts";
import { eventually, isRunning, processesIn } from "./processes.ts";

describe("createCleanup", () => {
  test("closers run once, the last one first, also when one fails", async () => {
    const ran: string[] = [];
    const cleanup = createCleanup({ signals: false });
    cleanup.add(() => void ran.push("first"));
    cleanup.add(async () => {
      ran.push("second");
      throw new Error("stuck");
    });
    cleanup.add(() => void ran.push("third"));
    await expect(cleanup.close()).rejects.toThrow(/1 part.*stuck/);
    await expect(cleanup.close()).rejects.toThrow(/stuck/);
    expect(ran).toEqual(["third", "second", "first"]);
  });

  test("what is added after closing began is closed at once", async () => {
    const cleanup = createCleanup({ signals: false });
    await cleanup.close();
    await new Promise<void>((closed) => cleanup.add(closed));
  });

  test("signal handlers are there while it is open, and gone after", async () => {
    const before = process.listenerCount("SIGINT");
    const cleanup = createCleanup();
    expect(process.listenerCount("SIGINT")).toBe(before + 1);
    await cleanup.close();
    expect(process.listenerCount("SIGINT")).toBe(before);
  });
});

interface Child {
  readonly process: ChildProcess;
  readonly firstLine: Promise<string>;
  readonly ended: Promise<{ code: number | null; signal: string | null; stderr: string }>;
}

function run(temp: string, ...args: string[]): Child {
  const script = join(import.meta.dirname, "interrupted-stack.ts");
  const child = spawn(process.execPath, ["--import", "tsx", script, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, TMPDIR: temp },
  });
  let stderr = "";
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const firstLine = new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (chunk) => resolve(String(chunk)));
    child.on("close", () => reject(new Error(`It ended without a word. ${stderr}`)));
  });
  const ended = new Promise<{ code: number | null; signal: string | null; stderr: string }>((resolve) =>
    child.on("close", (code, signal) => resolve({ code, signal, stderr })),
  );
  return { process: child, firstLine, ended };
}

/** Runs `work` with a temp folder of its own, in which nothing and nobody may be left afterwards. */
async function leavesNothing(work: (temp: string) => Promise<void>): Promise<void> {
  const temp = mkdtempSync(join(tmpdir(), "cleanup-test-"));
  try {
    chmodSync(temp, 0o711);
    await work(temp);
    expect(
      await eventually(() => readdirSync(temp).filter((name) => name.startsWith("flyahead-")).length === 0),
    ).toBe(true);
    expect(await eventually(() => processesIn(temp).length === 0)).toBe(true);
  } finally {
    rmSync(temp, { recursive: true, force: true });
  }
}

const redis = findProgram("redis-server") ? "redis-server" : "embedded";

describe.concurrent("a program with a stack", () => {
  test.for([
    { how: "SIGINT", signal: "SIGINT" },
    { how: "SIGTERM", signal: "SIGTERM" },
    { how: "SIGKILL", signal: "SIGKILL" },
  ] as const)("killed by $how leaves no process and no folder", async ({ signal }, { expect }) => {
    await leavesNothing(async (temp) => {
      const child = run(temp, "up", redis);
      const { folder, pids } = JSON.parse(await child.firstLine) as { folder: string; pids: number[] };
      expect(pids.map(isRunning)).toEqual([true, true]);
      child.process.kill(signal);
      expect(await child.ended).toEqual({ code: null, signal, stderr: "" });
      expect(await eventually(() => !pids.some(isRunning))).toBe(true);
      expect(await eventually(() => !existsSync(folder))).toBe(true);
    });
  });

  test.for([
    { when: "throw", code: 1 },
    { when: "exit", code: 3 },
  ])("that ends by $when leaves nothing either", async ({ when, code }, { expect }) => {
    await leavesNothing(async (temp) => {
      const child = run(temp, when, redis);
      const { pids } = JSON.parse(await child.firstLine) as { pids: number[] };
      expect((await child.ended).code).toBe(code);
      expect(await eventually(() => !pids.some(isRunning))).toBe(true);
    });
  });

  test.for([60, 400])("interrupted %i ms into its start leaves nothing", async (ms, { expect }) => {
    await leavesNothing(async (temp) => {
      const child = run(temp, "starting");
      await child.firstLine;
      await sleep(ms);
      child.process.kill("SIGINT");
      expect((await child.ended).signal).toBe("SIGINT");
    });
  });
});
