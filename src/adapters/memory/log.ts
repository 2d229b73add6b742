/**
 * A log that collects its lines, for tests that ask what was said and for programs that print it at the end.
 */
import type { Log } from "../../ports.ts";

export type LogLine = { readonly step: string; readonly facts: Record<string, unknown> };

/** `log` to hand out, and the lines that came in, oldest first. */
export function createMemoryLog(): { readonly log: Log; readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = [];
  return { lines, log: (step, facts) => void lines.push({ step, facts: { ...facts } }) };
}
