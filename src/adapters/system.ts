/**
 * The real clock, real chance and the real log: the only file of flyahead that touches them. A log line is one JSON
 * object, cut below what Supabase keeps of a line.
 */
import type { Clock, Log } from "../ports.ts";

const LOG_LIMIT_CHARACTERS = 9_000;

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

export const newToken = (): string => crypto.randomUUID();

export const consoleLog: Log = (step, facts) => {
  // biome-ignore lint/suspicious/noConsole: this is the log
  console.log(
    JSON.stringify({ at: new Date().toISOString(), step, ...facts }).slice(0, LOG_LIMIT_CHARACTERS),
  );
};
