/**
 * npm run simulate-traffic: sends traffic to a running flyahead as an app's machines would, generated or recorded, live or
 * past, to the demo's kept stack or to a deployed one. What the samples are is in source.ts, when in span.ts, how in send.ts.
 *
 * The trap: on the kept stack time is simulated. There this script moves the clock, and nothing happens between its
 * minutes: nobody calls the autoscaler. `npm run test-autoscaling` does.
 */
import { formatInstant, type Instant, MINUTE_MS } from "../src/core/time.ts";
import { showProgress } from "./demo/progress.ts";
import { APP, PROCESS_GROUP } from "./demo/traffic.ts";
import { clockOf, findStack, type RunningStack } from "./running-stack.ts";
import { readOptions, type TrafficOptions, USAGE } from "./simulate-traffic/options.ts";
import { sendSpan } from "./simulate-traffic/send.ts";
import { openSource } from "./simulate-traffic/source.ts";
import { type Span, spanOf } from "./simulate-traffic/span.ts";
import { emptyTally, refusedCount, type Summary, summarise, summaryText } from "./simulate-traffic/tally.ts";
import { runScript, UserError } from "./user-error.ts";

/** As a shell counts a process that a signal ended. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") return console.log(USAGE);
  const stack = findStack(options);
  const clock = clockOf(stack, Date.now);
  const source = await openSource(options, poolNames(options, stack));
  const span = spanOf(options, {
    now: await clock.now(),
    simulated: clock.simulated,
    traceMinutes: source.minutes,
  });
  const { demand, title } = source.cut(span.from, span.minutes);

  const progress = showProgress(process.stderr);
  progress.step(
    `${title} in ${demand.pools.map(({ region }) => region).join(", ")} to ${stack.functionsUrl}`,
  );
  progress.step(describe(span, clock.simulated, await clock.now()));
  const stopped = stopOnSignal();
  const tally = emptyTally();
  const began = performance.now();
  let end: Summary["end"] = "failed";
  try {
    await sendSpan({
      ...{ demand, speed: span.speed, clock, realNow: Date.now, stack, tally, stop: stopped },
      say: (text) => progress.step(text),
      onSent(until) {
        const share = (until - span.from) / (span.minutes * MINUTE_MS);
        progress.at(share, `${formatInstant(until)}  ${tally.stored} stored, ${refusedCount(tally)} refused`);
      },
    });
    end = "complete";
  } catch (error) {
    if (!stopped.aborted) throw error;
    end = "interrupted";
  } finally {
    progress.done();
    const summary = summarise(tally, span.from, (performance.now() - began) / 1_000, end);
    console.log(options.json ? JSON.stringify(summary, null, 2) : summaryText(summary));
  }
  if (end === "complete" && tally.sent > 0 && tally.stored === 0) throw new UserError("Nothing was stored.");
}

function poolNames({ app, processGroup }: TrafficOptions, { flyUrl }: RunningStack) {
  if (flyUrl !== null) return { app: app ?? APP, processGroup: processGroup ?? PROCESS_GROUP };
  if (app === null) throw new UserError("Which app? Give --app NAME, as the stack's FLY_APPS has it");
  return { app, processGroup: processGroup ?? "app" };
}

function describe({ from, minutes, speed }: Span, simulated: boolean, now: Instant): string {
  const until = from + minutes * MINUTE_MS;
  const pace =
    speed === Number.POSITIVE_INFINITY ? "as fast as it is answered" : `${speed} minutes in a minute`;
  const isPast = until <= now;
  const isLive = !simulated && from > now - 2 * MINUTE_MS;
  const how = [
    isLive ? "" : pace,
    !isPast && simulated ? "moving the simulated clock along" : "",
    !isPast && !simulated ? `${isLive ? "" : "then "}live: a minute each minute` : "",
  ];
  const clock = simulated ? "simulated time" : "it";
  return `${formatInstant(from)} to ${formatInstant(until)}, ${how.filter((part) => part !== "").join(", ")} (${clock} is ${formatInstant(now)})`;
}

/** The first signal ends the run after the request under way; a second one kills as usual. */
function stopOnSignal(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      process.exitCode = EXIT_CODES[signal];
      controller.abort();
    });
  }
  return controller.signal;
}

runScript(main);
