// npm run cron: the schedule where the database has none (a Postgres of one's own, a machine that is always on). The jobs are
// those that install_schedule gives to pg_cron. The trap: this is a process to keep alive, the one thing that flyahead
// otherwise does without; prefer pg_cron where there is one, and let HEARTBEAT_URL tell you when ticks stop.
import { Cron } from "croner";
import { connectPostgres } from "../src/adapters/postgres/connect.ts";
import { systemClock } from "../src/adapters/system.ts";
import { cronJobs } from "./cron/jobs.ts";
import { readSettings, USAGE } from "./cron/settings.ts";
import { runScript } from "./user-error.ts";

async function main(): Promise<void> {
  if (process.argv.slice(2).some((word) => word === "--help" || word === "-h")) return console.log(USAGE);
  const { databaseUrl, ...settings } = readSettings(process.env);
  const sql = connectPostgres(databaseUrl, { maxConnections: 4 });
  const stop = new AbortController();
  const tools = { sql, now: systemClock.now, say: (line: string) => console.log(line), stop: stop.signal };
  const jobs = cronJobs(settings, tools);
  const running = new Set<Promise<void>>();
  // A run that takes longer than its interval is not overtaken by the next: that one is left out.
  const timers = jobs.map(({ name, schedule, run }) => {
    return new Cron(schedule, { name, timezone: "UTC", protect: true }, () => {
      const end = run().finally(() => running.delete(end));
      running.add(end);
      return end;
    });
  });
  const stopped = new Promise<void>((told) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => told());
  });
  console.log(
    `Calling ${settings.url} until Ctrl-C: ${jobs.map(({ name, schedule }) => `${name} (${schedule})`).join(", ")}`,
  );
  await stopped;
  for (const timer of timers) timer.stop();
  stop.abort(new Error("stopped before the answer came"));
  await Promise.all(running);
  await sql.end({ timeout: 5 });
  console.log("Stopped; the machines stay as they are.");
}

runScript(main);
