// The npm package `deno` is a small Node script that starts the real program and waits; stopping the script would leave
// Deno running. So we go to the program itself: the file in the platform package, whose pid is then Deno's own.
// The trap: npm may unpack it without its x bit when install scripts are off; we set it where we may.
import { accessSync, chmodSync, constants } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** The full path of the Deno program of the installed `deno` package. Throws when there is none for this machine. */
export function denoBinary(): string {
  const platform = `${process.platform}-${process.arch}${process.platform === "linux" ? "-glibc" : ""}`;
  const require = createRequire(import.meta.url);
  let path: string;
  try {
    const wrapper = require.resolve("deno/package.json");
    path = join(dirname(createRequire(wrapper).resolve(`@deno/${platform}/package.json`)), "deno");
  } catch (error) {
    throw new Error(
      `Deno is not installed for ${platform} (${(error as Error).message.split("\n")[0]}). Run npm ci without --omit=optional or --omit=dev.`,
    );
  }
  try {
    accessSync(path, constants.X_OK);
  } catch {
    try {
      chmodSync(path, 0o755);
    } catch (error) {
      throw new Error(
        `Deno at ${path} is not executable, and making it so failed (${(error as Error).message}). Run chmod +x on it.`,
      );
    }
  }
  return path;
}

/** The environment in which Deno writes nothing outside `folder` and asks nobody for updates. */
export function denoEnv(folder: string): Record<string, string> {
  return {
    PATH: "/usr/bin:/bin",
    HOME: folder,
    DENO_DIR: join(folder, "deno"),
    DENO_NO_UPDATE_CHECK: "1",
    NO_COLOR: "1",
  };
}
