/** What `npm run cron` needs from its environment, all faults told at once. */
import { UserError } from "../user-error.ts";
import type { CronSettings } from "./jobs.ts";

export const USAGE = `npm run cron
Calls flyahead's jobs from this machine, where the database has no pg_cron. Stays until Ctrl-C. From the environment:
  FLYAHEAD_URL         where the functions are, such as https://<ref>.supabase.co/functions/v1
  FLYAHEAD_CRON_TOKEN  a token with scope tick (npm run token -- create --name cron --scopes tick)
  DATABASE_URL         of the role flyahead_functions (docs/install.md, section 4)
  CADENCE_MINUTES      15, 5 or 1, as the functions have it; default 15`;

export type CronEnvironment = CronSettings & { readonly databaseUrl: string };

/** @throws UserError that names every variable that is missing or wrong. */
export function readSettings(env: Readonly<Record<string, string | undefined>>): CronEnvironment {
  const faults: string[] = [];
  const read = (name: string, test: (text: string) => boolean, wanted: string): string => {
    const text = env[name]?.trim() ?? "";
    if (text === "") faults.push(`${name} is missing: ${wanted}`);
    else if (!test(text)) faults.push(`${name} cannot be used: ${wanted}`);
    return text;
  };
  const url = read(
    "FLYAHEAD_URL",
    (text) => /^https?:$/.test(protocolOf(text)),
    "the address of the functions",
  );
  const token = read("FLYAHEAD_CRON_TOKEN", (text) => !/\s/.test(text), "a token with scope tick");
  const databaseUrl = read(
    "DATABASE_URL",
    (text) => /^postgres(ql)?:$/.test(protocolOf(text)),
    "postgres://… of the role flyahead_functions",
  );
  const cadenceMinutes = Number(env.CADENCE_MINUTES?.trim() || 15);
  if (![1, 5, 15].includes(cadenceMinutes)) faults.push("CADENCE_MINUTES cannot be used: 15, 5 or 1");
  if (faults.length > 0) throw new UserError(`${faults.join("\n")}\n\n${USAGE}`);
  return {
    url: url.replace(/\/+$/, ""),
    token,
    databaseUrl,
    cadenceMinutes: cadenceMinutes as CronSettings["cadenceMinutes"],
  };
}

function protocolOf(text: string): string {
  return URL.canParse(text) ? new URL(text).protocol : "";
}
