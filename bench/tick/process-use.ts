/**
 * CPU and memory that another process used, seen from outside: by all of its threads, so the compiler's and the collector's too, and by
 * the first one alone, in which Deno runs the function. Linux counts in nanoseconds for each thread (schedstat).
 *
 * The trap is a thread that ended: its nanoseconds are gone. A runtime keeps its threads for longer than a tick lasts.
 */
import { readdirSync, readFileSync } from "node:fs";

export type CpuMs = { readonly all: number; readonly main: number };

/** Since the process began; a difference of two is what was used in between. @throws where this is no Linux */
export function processCpu(pid: number): CpuMs {
  const threads = readdirSync(`/proc/${pid}/task`);
  return { all: threads.reduce((sum, thread) => sum + threadMs(pid, thread), 0), main: threadMs(pid, pid) };
}

/** Memory that the process held at most, in MB. */
export function peakMb(pid: number): number {
  const [, kb = "NaN"] = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kb) / 1_024;
}

function threadMs(pid: number, thread: number | string): number {
  const [ns = ""] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ");
  return Number(ns) / 1e6;
}
