// The real Supabase CLI of node_modules, run without its npm wrapper (a signal would stop the wrapper and leave the
// program), in a home of its own, without telemetry, and without any access that this machine's user may have.
import { cpSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { runToEnd } from "../../src/local/run-to-end.ts";

export const PROJECT = resolve(fileURLToPath(import.meta.url), "../../..");

function binary(): string {
  const wrapper = createRequire(createRequire(import.meta.url).resolve("supabase/package.json"));
  const manifest = wrapper.resolve(`@supabase/cli-${process.platform}-${process.arch}/package.json`);
  return join(dirname(manifest), "bin", "supabase");
}

/** Copies some of the project's folders into a new folder, links as links, without what the CLI or Deno left in them. */
export function copyProject(to: string, folders: readonly string[]): void {
  mkdirSync(to);
  for (const folder of folders) {
    cpSync(join(PROJECT, folder), join(to, folder), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !/[/\\](\.temp|node_modules)$/.test(path),
    });
  }
}

/**
 * Runs `supabase <args> --yes` and answers its stdout. Throws, with all that it wrote, unless it exits with 0.
 * @param home a folder for what the CLI remembers
 * @param workdir a folder that holds supabase/, in which it leaves supabase/.temp
 */
export function supabase(
  args: readonly string[],
  { home, workdir, env = {} }: { home: string; workdir: string; env?: Record<string, string> },
): Promise<string> {
  const quiet = { SUPABASE_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1", NO_COLOR: "1" };
  return runToEnd({
    name: `supabase ${args[0]} ${args[1]}`,
    command: binary(),
    args: [...args, "--yes", "--workdir", workdir],
    cwd: workdir,
    env: { PATH: "/usr/bin:/bin", HOME: home, ...quiet, ...env },
  });
}
