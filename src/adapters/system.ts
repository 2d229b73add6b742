/**
 * The real clock, real chance and the real log: the only file of flyahead that touches them. A log line is one JSON
 * object with secrets taken out, shorter than what Supabase keeps of a line; a longer one is kept as the beginning of its
 * text. It bears the id of the request that it was written for, however deep below the request that was.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Clock, Log } from "../ports.ts";
import { createRedactor } from "./redact.ts";

const LOG_LIMIT_CHARACTERS = 9_000;

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

export const chance = (): number => Math.random();

/** Milliseconds on a clock that only runs forward. */
export const elapsedMs = (): number => performance.now();

export const newToken = (): string => crypto.randomUUID();

const requestIds = new AsyncLocalStorage<string>();

/** Runs the work so that every line of the log that it writes bears the id. */
export const underId = <T>(requestId: string, work: () => Promise<T>): Promise<T> =>
  requestIds.run(requestId, work);

/** @param secrets values that never appear in a line */
export function createConsoleLog(secrets: readonly string[]): Log {
  const redact = createRedactor(secrets);
  return (step, facts) => {
    const requestId = requestIds.getStore();
    const line = { at: new Date().toISOString(), step, ...(requestId ? { requestId } : {}) };
    // biome-ignore lint/suspicious/noConsole: this is the log
    console.log(logLine(line, redact(facts) as Record<string, unknown>));
  };
}

function logLine(line: { at: string; step: string }, facts: Record<string, unknown>): string {
  const text = JSON.stringify({ ...line, ...facts, ...line });
  if (text.length <= LOG_LIMIT_CHARACTERS) return text;
  return JSON.stringify({ ...line, cut: text.slice(0, LOG_LIMIT_CHARACTERS / 2) });
}
