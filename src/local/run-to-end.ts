// One short program, run to its end, its output kept for the error. It is guarded by the watchdog like a server, so that
// a Ctrl-C in its half second leaves nothing either.
import { spawn } from "node:child_process";
import { guardProcess } from "./watchdog.ts";

export interface Run {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
}

/** Runs a program and answers its stdout. Throws, with all that it wrote, unless it exits with 0. */
export async function runToEnd({ name, command, args, cwd, env, user }: Run): Promise<string> {
  const identity = user && { uid: user.uid, gid: user.gid };
  const child = spawn(command, args, {
    cwd,
    env: { ...env },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    ...identity,
  });
  const release = child.pid === undefined ? () => {} : guardProcess(child.pid, "SIGTERM");
  const answer: Buffer[] = [];
  const everything: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => {
    answer.push(chunk);
    everything.push(chunk);
  });
  child.stderr.on("data", (chunk: Buffer) => everything.push(chunk));
  const ending = await new Promise<string>((resolve) => {
    child.on("error", (error) => resolve(`could not be started: ${error.message}`));
    child.on("close", (code, signal) =>
      resolve(code === 0 ? "" : `failed (${signal ?? `exit code ${code}`})`),
    );
  });
  release();
  if (ending === "") return Buffer.concat(answer).toString("utf8");
  const output = Buffer.concat(everything).toString("utf8");
  throw new Error(
    `${name} ${ending}, command ${command} ${args.join(" ")}. It wrote:\n${output.trim() || "(nothing)"}`,
  );
}
