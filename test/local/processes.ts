// What tests need to know of processes that are not their own: whether one lives, and which work in a folder.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Whether the process runs; one that ended and only waits to be collected by its parent does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    return code === "EPERM" || (syscall === "open" && process.platform !== "linux");
  }
}

/** Processes whose working directory is in the folder, also when it has been removed (Linux; elsewhere none are seen). */
export function processesIn(folder: string): number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
      } catch {
        return false;
      }
    });
}

/** Waits, up to 20 s, until `condition` holds; false when it never did. */
export async function eventually(condition: () => boolean): Promise<boolean> {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    if (condition()) return true;
    await sleep(50);
  }
  return condition();
}
