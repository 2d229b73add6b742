/**
 * How a script ends. What the person at the keyboard can mend is a UserError: its sentence is printed and nothing else,
 * exit code 1. Everything else is a defect and keeps its stack trace.
 */
import { endWithReader } from "./end-with-reader.ts";

export class UserError extends Error {
  override readonly name: string = "UserError";
}

/** Runs the script to its end and sets the exit code; never throws. */
export function runScript(main: () => Promise<void>): void {
  endWithReader();
  main().catch((error: unknown) => {
    console.error(error instanceof UserError ? error.message : error);
    process.exitCode = 1;
  });
}

/** Reads a command line: what parseArgs and the readers of values find wrong becomes a UserError with the usage below. */
export function readCommand<T>(read: () => T, usage: string): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof UserError || error instanceof RangeError || isArgumentFault(error))) throw error;
    throw new UserError(`${(error as Error).message}\n\n${usage}`);
  }
}

/** A number from a command line. @throws UserError outside of low to high. */
export function readNumber(name: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= low && value <= high) return value;
  throw new UserError(`${name} is "${text}"; give a number from ${low} to ${high}`);
}

/** "a,b c" as its words; null where the option was not given. @throws UserError where it was given empty. */
export function readList(name: string, text: string | undefined): string[] | null {
  if (text === undefined) return null;
  const words = text.split(/[\s,]+/).filter((word) => word !== "");
  if (words.length > 0) return [...new Set(words)];
  throw new UserError(`${name} is empty; give names separated by commas, or leave it out`);
}

function isArgumentFault(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return typeof code === "string" && code.startsWith("ERR_PARSE_ARGS");
}
