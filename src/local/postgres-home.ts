// The folder that holds Postgres' data. As root, the user whom Postgres runs as must reach it, all the way down from /, and
// many temp folders are closed to others (mode 700, or a TMPDIR under /root). So the folder that was asked for is
// tried, by that user, and then the usual ones; the first that works is taken.
import { chownSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeTempFolder } from "./temp-folder.ts";
import { type RunAs, triesAs } from "./unprivileged-user.ts";

export interface PostgresHome {
  readonly path: string;
  remove(): void;
}

function makeIn(parent: string, wanted: string): PostgresHome {
  if (parent !== wanted) return makeTempFolder(parent);
  const path = mkdtempSync(join(parent, "postgres-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 3 }) };
}

/** An empty folder, in `folder` if at all possible, that belongs to `user` (undefined: to us). Throws with what was tried. */
export function makePostgresHome(folder: string, user: RunAs | undefined): PostgresHome {
  const reasons: string[] = [];
  for (const parent of new Set([folder, tmpdir(), "/tmp", "/var/tmp"])) {
    if (!existsSync(parent)) continue;
    const home = makeIn(parent, folder);
    if (user) chownSync(home.path, user.uid, user.gid);
    const tried = triesAs(user, home.path);
    if (tried.ok) return home;
    reasons.push(`${home.path}: ${tried.reason}`);
    home.remove();
  }
  throw new Error(
    `Postgres' data has no place that ${user ? `user ${user.name}` : "we"} can write in. Tried:\n${reasons.join("\n")}\n` +
      "Set TMPDIR to a folder that others can pass through (mode 711 or 755 all the way up).",
  );
}
