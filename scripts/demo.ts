/**
 * The main job on embedded parts: a local flyahead lives weeks of traffic in minutes, and tells how it went.
 * Nothing is faked but time and Fly: see src/local/installation.ts.
 */
import { DAY_MS, floorTo, formatInstant, MINUTE_MS } from "../src/core/time.ts";
import { type Installation, startInstallation } from "../src/local/installation.ts";
import { demandAt } from "../src/sim/traffic/demand.ts";
import { type DemoOptions, readOptions, USAGE } from "./demo/options.ts";
import { showProgress } from "./demo/progress.ts";
import { prepare, type ReplayCounts, replay } from "./demo/replay.ts";
import {
  actionCounts,
  charts,
  comparisonTable,
  regionTable,
  scoreRegions,
  twoDecisions,
} from "./demo/report.ts";
import { APP, type DemoTraffic, demoTraffic, PROCESS_GROUP } from "./demo/traffic.ts";
import { endWithReader } from "./end-with-reader.ts";
import { keepStackFile, otherKeptStack } from "./kept-stack.ts";

const MIN_WORKERS = 1;
const MAX_WORKERS = 20;
const QUERIES = [
  "select app, region, started, load, capacity, predicted_load, last_reason from flyahead_api.region_status",
  "select * from flyahead_api.autoscaling_analytics order by day, region",
  "select slot, kind, from_workers, to_workers, reason from flyahead.autoscaling_history where kind <> 'hold' order by slot desc limit 20",
];

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") return console.log(USAGE);
  const other = options.keep ? otherKeptStack() : null;
  if (other !== null) throw new RangeError(other);
  const traffic = await demoTraffic(options);
  const progress = showProgress(process.stdout);
  const began = performance.now();
  progress.step(
    `${traffic.title}: ${options.days} days in ${options.regions.map(({ region }) => region).join(", ")}, from ${formatInstant(traffic.from)}`,
  );
  const installation = await startInstallation({
    fly: simulatedFly(options, traffic),
    env: {
      REQUESTS_PER_WORKER: String(traffic.requestsPerMachine),
      MIN_WORKERS_PER_REGION: String(MIN_WORKERS),
      MAX_WORKERS_PER_REGION: String(MAX_WORKERS),
      CADENCE_MINUTES: String(options.cadenceMinutes),
    },
    onProgress: (text) => progress.step(text),
  });
  try {
    await prepare(installation, traffic, options.regions, (text) => progress.at(0, text));
    progress.done();
    const counts = await replay(installation, traffic, options.cadenceMinutes * MINUTE_MS, (slot) => {
      const share = (slot - traffic.from) / (traffic.until - traffic.from);
      const started = installation.fly.machines().filter(({ state }) => state === "started");
      const machines = options.regions.map(
        ({ region }) => `${region} ${started.filter((machine) => machine.region === region).length}`,
      );
      progress.at(share, `${formatInstant(slot)}  machines: ${machines.join("  ")}`);
    });
    progress.done();
    await report(installation, options, traffic, counts, (performance.now() - began) / 1_000);
    if (options.keep) await keep(installation);
    else
      console.log(
        `\nLook further: npm run demo -- --keep, and then, for example,\n${QUERIES.map((query) => `  npm run sql -- --width 200 "${query}"`).join("\n")}`,
      );
  } finally {
    await installation.close();
  }
}

function simulatedFly({ seed, regions }: DemoOptions, { demand, from, requestsPerMachine }: DemoTraffic) {
  return {
    seed,
    start: floorTo(demand.start, DAY_MS),
    apps: [
      {
        name: APP,
        machines: regions.map(({ region }) => ({ region, processGroup: PROCESS_GROUP, count: 2 })),
      },
    ],
    boot: { jitter: 0.3 },
    listLagMs: 2_000,
    requestsPerMachine,
    demand: demandAt(demand),
    ledgerFrom: from,
  };
}

async function report(
  { fly, sql }: Installation,
  options: DemoOptions,
  traffic: DemoTraffic,
  counts: ReplayCounts,
  seconds: number,
): Promise<void> {
  const { cadenceMinutes } = options;
  const regions = scoreRegions(fly.ledger(), traffic, { min: MIN_WORKERS, max: MAX_WORKERS, cadenceMinutes });
  const refusals = Object.entries(fly.tally()).filter(([name]) => /[45]\d\d$/.test(name));
  console.log(`\n${charts(regions, traffic)}\n`);
  console.log(
    `One machine carries ${traffic.requestsPerMachine} requests a minute; machines are started, stopped and created by flyahead.\n`,
  );
  console.log(`${regionTable(regions)}\n`);
  console.log(
    `All regions, the same minutes, run in six ways:\n\n${comparisonTable(regions, cadenceMinutes)}\n`,
  );
  console.log(
    `${counts.ticks} ticks (${Object.entries(counts.apps)
      .map(([status, count]) => `${count} ${status}`)
      .join(", ")}); ${await actionCounts(sql)}`,
  );
  console.log(
    `refused by the simulated Fly: ${refusals.map(([name, count]) => `${count} × ${name}`).join(", ") || "nothing"}`,
  );
  for (const { slot, region, reason } of await twoDecisions(sql, traffic.from))
    console.log(`\n${slot}, ${region}: ${reason}`);
  console.log(`\n${seconds.toFixed(0)} s in all.`);
}

/** Stays until the stack is closed by Ctrl-C, which also removes everything. */
async function keep({ stack, flyUrl, token }: Installation): Promise<void> {
  const file = keepStackFile({
    databaseUrl: stack.postgres.adminUrl,
    functionsUrl: stack.functionsUrl,
    flyUrl,
    token,
  });
  if (!file.isOurs) console.log(`\n${otherKeptStack()}`);
  console.log(`
Kept until Ctrl-C:
  functions   ${stack.functionsUrl}/auto-scaling and /traffic, with Authorization: Bearer ${token}
  Postgres    ${stack.postgres.adminUrl}
  Redis       ${stack.redis.url} (Upstash REST)
  Fly         ${flyUrl}/v1/apps/${APP}/machines (simulated)
In another terminal:
${QUERIES.map((query) => `  npm run sql -- --width 200 "${query}"`).join("\n")}`);
  try {
    await stack.closed;
  } finally {
    file.remove();
  }
}

/** A wrong option, a trace that cannot be read: the sentence says it all, a stack would hide it. */
function isUserError(error: unknown): error is Error {
  if (error instanceof RangeError || error instanceof SyntaxError) return true;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return /^(ERR_PARSE_ARGS|ENOENT|EISDIR|EACCES)/.test(code);
}

endWithReader();
main().catch((error: unknown) => {
  console.error(isUserError(error) ? `${error.message}\n\nnpm run demo -- --help lists the options.` : error);
  process.exitCode = 1;
});
