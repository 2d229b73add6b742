/** The command line of backfill. The option is not called --env-file: Node 20 takes that one for itself, wherever it stands. */
import { parseArgs } from "node:util";
import { readCommand, readList, readNumber } from "../user-error.ts";

export const USAGE = `Usage: npm run backfill -- [options]
Fetches the days that the metrics source (PROMETHEUS_URL) still keeps into the samples. Interrupted, the same command goes
on from there; ticks do the same by and by. Takes the functions' environment: npm run backfill -- --env .env
  --env FILE      variables that are not set are read from there
  --apps a,b      only these apps; default: FLY_APPS
  --pause-ms N    between two pieces of six hours, so that others can use the source too (default 250)
  --status        only shows how far it is
  --json          the status as JSON`;

export type BackfillOptions = {
  readonly apps: readonly string[] | null;
  readonly pauseMs: number;
  readonly status: boolean;
  readonly json: boolean;
  readonly envFile: string | null;
};

/** @throws UserError with the usage. */
export function readOptions(args: readonly string[]): BackfillOptions | "help" {
  return readCommand(() => {
    const { values } = parseArgs({
      args: [...args],
      options: {
        apps: { type: "string" },
        env: { type: "string" },
        "pause-ms": { type: "string", default: "250" },
        status: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) return "help";
    const { status, json } = values;
    const pauseMs = readNumber("--pause-ms", values["pause-ms"], 0, 60_000);
    const envFile = values.env ?? null;
    return { apps: readList("--apps", values.apps), pauseMs, status, json, envFile };
  }, USAGE);
}
