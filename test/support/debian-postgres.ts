/**
 * Debian's Postgres 15 with its extensions, for what the embedded one has not: pg_cron, plpgsql_check. Where an extension
 * is absent its tests say so and skip; with FLYAHEAD_EXPECT_DEBIAN_POSTGRES=1, as in CI, they fail instead.
 */
import { existsSync } from "node:fs";
import { type LocalPostgres, startPostgres } from "../../src/local/postgres.ts";

const BIN = "/usr/lib/postgresql/15/bin";
const EXTENSIONS = "/usr/share/postgresql/15/extension";

/** null where it can be had, else the title of what is skipped. */
export function whyNoDebianPostgres(extension: "pg_cron" | "plpgsql_check"): string | null {
  const has = existsSync(`${BIN}/postgres`) && existsSync(`${EXTENSIONS}/${extension}.control`);
  if (has || process.env.FLYAHEAD_EXPECT_DEBIAN_POSTGRES === "1") return null;
  return `skipped: Debian's Postgres 15 with ${extension} is not installed`;
}

/** A private server in `folder`; it has nothing to do with one that the system may run. */
export function startDebianPostgres(
  folder: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<LocalPostgres> {
  const binaries = { initdb: `${BIN}/initdb`, postgres: `${BIN}/postgres`, major: 15 };
  return startPostgres({ folder, binaries, settings });
}
