// One edge function served by real Deno 2.1.4, the release that Supabase's edge runtime is compatible with: the very files that
// are deployed. Three traps of `deno serve`. It looks for deno.json from the working directory upward, not beside
// the entrypoint, hence --config; with --config it no longer sees the root's package.json, so --node-modules-dir=manual
// makes it take npm packages from node_modules (with --cached-only: never from the network); and it writes a lock file.
// The permissions are what postgres.js and @upstash need: the environment, and the network of 127.0.0.1 alone.
import { dirname } from "node:path";
import { denoBinary, denoEnv } from "./deno-binary.ts";
import { startServer } from "./server-process.ts";
import { makeTempFolder } from "./temp-folder.ts";

export interface DenoFunction {
  readonly url: string;
  readonly pid: number;
  /** The last 64 KB that the function and Deno wrote. */
  log(): string;
  /** Kills the process at once, as a crash would; close() is still due. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

export interface DenoFunctionOptions {
  /** The function's index.ts, with `export default { fetch }`. */
  readonly entrypoint: string;
  /** Its deno.json. */
  readonly config: string;
  /** All the function sees, beside PATH, HOME and DENO_DIR. */
  readonly env: Readonly<Record<string, string>>;
  /** Default: a free one. */
  readonly port?: number;
  /** Where Deno keeps its cache; functions may share it. Default: a temp folder that close() removes. */
  readonly folder?: string;
  /** Hosts that the function may connect to. Default: 127.0.0.1 only. */
  readonly allowNet?: readonly string[];
  /** Deno's own, such as --inspect=127.0.0.1:0. */
  readonly flags?: readonly string[];
}

/** Serves a function on 127.0.0.1 and resolves once it listens. Throws, with Deno's log, when it does not start. */
export async function startDenoFunction(options: DenoFunctionOptions): Promise<DenoFunction> {
  const { entrypoint, config, env, port = 0, allowNet = [], flags = [] } = options;
  const own = options.folder === undefined ? makeTempFolder() : undefined;
  const folder = options.folder ?? own!.path;
  const args = ["serve", "--cached-only", "--no-prompt", "--no-lock", "--node-modules-dir=manual"];
  const permissions = [`--allow-net=${["127.0.0.1", ...allowNet].join(",")}`, "--allow-env"];
  const place = ["--config", config, "--host", "127.0.0.1", "--port", String(port), entrypoint];
  try {
    const server = await startServer({
      name: `Deno, serving ${entrypoint},`,
      command: denoBinary(),
      args: [...args, ...flags, ...permissions, ...place],
      cwd: dirname(entrypoint),
      env: { ...denoEnv(folder), ...env },
      stopSignal: "SIGTERM",
      ready: /Listening on (http:\/\/127\.0\.0\.1:\d+)/,
    });
    return {
      url: server.ready[1]!,
      pid: server.pid,
      log: server.log,
      kill: server.kill,
      async close() {
        await server.stop();
        own?.remove();
      },
    };
  } catch (error) {
    own?.remove();
    throw error;
  }
}
