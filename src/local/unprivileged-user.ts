// Postgres refuses to run as root, so as root we run it as a user that exists on every system and owns nothing:
// `postgres` where a package made one, else `nobody`. No user is created. The trap: such a user often cannot reach a
// project (a clone under /root, mode 700), and permission bits alone do not tell (ACLs, mounts, noexec), so we ask by
// trying: a process with that uid goes there and does it.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

export interface RunAs {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** The user to run Postgres as, or undefined when we are not root and run it as ourselves. Throws when root finds none. */
export function unprivilegedUser(
  passwd: () => string = () => readFileSync("/etc/passwd", "utf8"),
): RunAs | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = passwd()
    .split("\n")
    .map((line) => line.split(":"))
    .map(([name = "", , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
    .filter(({ uid, gid }) => Number.isInteger(uid) && Number.isInteger(gid) && uid > 0);
  const user = users.find(({ name }) => name === "postgres") ?? users.find(({ name }) => name === "nobody");
  if (user) return user;
  throw new Error(
    "Postgres does not run as root, and /etc/passwd has neither a user `postgres` nor `nobody` to run it as. " +
      "Run this as an ordinary user, or create a system user named postgres.",
  );
}

/** Whether `user` (undefined: we ourselves) can write in `folder` and, there, run `command`; the reason when not. */
export function triesAs(
  user: RunAs | undefined,
  folder: string,
  command?: readonly [string, ...string[]],
): { ok: true } | { ok: false; reason: string } {
  const script = 'cd "$1" && test -w . && test -x . && shift && { test $# -eq 0 || exec "$@"; }';
  const { status, stderr, error } = spawnSync("sh", ["-c", script, "sh", folder, ...(command ?? [])], {
    cwd: "/",
    encoding: "utf8",
    ...(user && { uid: user.uid, gid: user.gid }),
  });
  if (status === 0) return { ok: true };
  return { ok: false, reason: error?.message ?? (stderr.trim() || `exit code ${status}`) };
}
