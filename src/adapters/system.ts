/**
 * The real clock, real chance and the real log: the only file of flyahead that touches them. A log line is one JSON
 * object, shorter than what Supabase keeps of a line; a longer one is kept as the beginning of its text.
 */
import type { Clock, Log } from "../ports.ts";

const LOG_LIMIT_CHARACTERS = 9_000;

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

export const chance = (): number => Math.random();

export const newToken = (): string => crypto.randomUUID();

export const consoleLog: Log = (step, facts) => {
  // biome-ignore lint/suspicious/noConsole: this is the log
  console.log(logLine({ at: new Date().toISOString(), step, ...facts }));
};

function logLine(line: { at: string; step: string }): string {
  const text = JSON.stringify(line);
  if (text.length <= LOG_LIMIT_CHARACTERS) return text;
  return JSON.stringify({ at: line.at, step: line.step, cut: text.slice(0, LOG_LIMIT_CHARACTERS / 2) });
}
