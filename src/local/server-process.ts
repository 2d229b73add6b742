// One server as a child process: its log's tail is kept, a line of the log says that it is ready, and it is stopped by
// pid. It gets a process group of its own (a terminal's Ctrl-C is for us, not for it) and is guarded by the watchdog.
// The trap: a server that dies while starting must fail the start with its log, not with a timeout.
import { type SpawnOptions, spawn } from "node:child_process";
import { guardProcess, type StopSignal } from "./watchdog.ts";

const LOG_CHARS = 64 * 1024;
const STOP_MS = 5_000;

export interface ServerCommand {
  /** How errors call it, such as "Postgres". */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Unprivileged user to run as; only root can ask for one. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  readonly stopSignal: StopSignal;
  /** A piece of the log that says: ready. */
  readonly ready: RegExp;
  readonly readyMs?: number;
}

export interface ServerProcess {
  readonly pid: number;
  /** What `ready` matched. */
  readonly ready: RegExpMatchArray;
  /** The last 64 KB of what it wrote to stdout and stderr. */
  log(): string;
  /** Resolves once the process has ended, whoever ended it. */
  readonly exited: Promise<void>;
  /** Asks it to stop, kills it after five seconds, resolves when it is gone. */
  stop(): Promise<void>;
  /** Kills it at once (SIGKILL), as a crash would, and resolves when it is gone. */
  kill(): Promise<void>;
}

/** Starts a server and waits until its log matches `ready`. Throws, with the log, when it ends or stays silent for `readyMs` (20 s). */
export async function startServer(server: ServerCommand): Promise<ServerProcess> {
  const { name, command, args, cwd, env, user, stopSignal } = server;
  const options: SpawnOptions = {
    cwd,
    env: { ...env },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    ...(user && { uid: user.uid, gid: user.gid }),
  };
  const child = spawn(command, args, options);
  let log = "";
  const listeners = new Set<() => void>();
  const keep = (chunk: Buffer) => {
    log = (log + chunk.toString("utf8")).slice(-LOG_CHARS);
    for (const listener of listeners) listener();
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  const release = child.pid === undefined ? () => {} : guardProcess(child.pid, stopSignal);
  let running = true;
  let ending = "";
  const exited = new Promise<void>((resolve) => {
    const done = (how: string) => {
      running = false;
      ending ||= how;
      release();
      resolve();
    };
    child.on("error", (error) => done(`could not be started: ${error.message}`));
    child.on("close", (code, signal) => done(`ended (${signal ?? `exit code ${code}`})`));
  });

  async function stop(): Promise<void> {
    if (running) child.kill(stopSignal);
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    await exited;
    clearTimeout(timer);
  }

  async function kill(): Promise<void> {
    if (running) child.kill("SIGKILL");
    await exited;
  }

  const failure = (what: string) =>
    new Error(`${name} ${what}, command ${command} ${args.join(" ")}. Its log:\n${log.trim() || "(empty)"}`);
  const ready = await new Promise<RegExpMatchArray>((resolve, reject) => {
    const readyMs = server.readyMs ?? 20_000;
    const timer = setTimeout(() => reject(failure(`did not get ready in ${readyMs} ms`)), readyMs);
    const look = () => {
      const match = log.match(server.ready);
      if (match) resolve(match);
      if (match) clearTimeout(timer);
    };
    listeners.add(look);
    void exited.then(() => {
      clearTimeout(timer);
      reject(failure(ending));
    });
  }).catch(async (error) => {
    await stop();
    throw error;
  });
  listeners.clear();
  if (child.pid === undefined) throw failure("has no process id");
  return { pid: child.pid, ready, log: () => log, exited, stop, kill };
}
