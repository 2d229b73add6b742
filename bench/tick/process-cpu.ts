/**
 * CPU that another process used, seen from outside: all of its threads, so the compiler's and the collector's too. Linux counts
 * it in nanoseconds for each thread (schedstat); where it does not, in hundredths of a second for the process (stat).
 *
 * The trap is a thread that ended: its nanoseconds are gone. A runtime keeps its threads for longer than a tick lasts.
 */
import { readdirSync, readFileSync } from "node:fs";

const TICK_MS = 10;

/** Milliseconds since the process began; a difference of two is what was used in between. */
export function processCpuMs(pid: number): number {
  try {
    return threadsNs(pid) / 1e6;
  } catch {
    return ticksOf(pid) * TICK_MS;
  }
}

function threadsNs(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => sum + threadNs(pid, thread), 0);
}

function threadNs(pid: number, thread: string): number {
  const [ns = ""] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ");
  const used = Number(ns);
  if (!Number.isFinite(used)) throw new Error(`schedstat of ${pid} says ${ns}`);
  return used;
}

/** Fields 14 and 15, user and system; the name in field 2 may hold blanks. */
function ticksOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return Number(fields[11]) + Number(fields[12]);
}
