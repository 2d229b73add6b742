/**
 * npm run test-autoscaling: one tick of a running flyahead, put to the proof. It calls the auto-scaling function once, shows
 * what was decided, reads what Postgres holds of it, and decides again from the records; all three must say the same.
 *
 * The trap: in mode act this is a tick like any other and moves machines. --mode advise does not.
 */
import { parseArgs } from "node:util";
import { connectPostgres, type Sql } from "../src/adapters/postgres/connect.ts";
import { floorTo, formatInstant, MINUTE_MS } from "../src/core/time.ts";
import { callFunction, refusalText } from "./call-function.ts";
import { causeOf, clockOf, findStack, type RunningStack } from "./running-stack.ts";
import { readAnswer, type TickAnswer } from "./test-autoscaling/answer.ts";
import { compareApp } from "./test-autoscaling/compare.ts";
import { answerText, rowsText } from "./test-autoscaling/print.ts";
import { type AppRows, readRows } from "./test-autoscaling/rows.ts";
import { readCommand, readList, runScript, UserError } from "./user-error.ts";

const USAGE = `Usage: npm run test-autoscaling -- [options]
Calls the auto-scaling function once and checks its answer against what it wrote down. Exit code 1 where they disagree.
  --mode MODE          observe, advise or act; may only lower what is configured
  --apps a,b           only these apps
  --slot TIME          this slot (only in a simulation); default: now. On the demo's stack the simulated clock
                       is first moved to the next quarter of an hour
  --url URL            the functions' address, like https://<project>.supabase.co/functions/v1 (or FLYAHEAD_URL)
  --token TOKEN        with scope tick (or FLYAHEAD_TOKEN)
  --database-url URL   where the history is (or DATABASE_URL); default for all three: the stack of \`npm run demo -- --keep\`
  --json               answer, rows and differences as JSON`;

/** A slot at every cadence. */
const NEXT_SLOT_MS = 15 * MINUTE_MS;

async function main(): Promise<void> {
  const options = readCommand(readOptions, USAGE);
  if (options === "help") return console.log(USAGE);
  const stack = findStack(options);
  const say = options.json ? () => {} : (text: string) => console.log(text);
  const sql = await openDatabase(stack);
  try {
    if (options.slot === undefined) await moveToNextSlot(stack, say);
    const answer = await tick(stack, options.request);
    say(answerText(answer));
    const done = answer.apps.filter((app) => app.status === "done");
    const rows: Record<string, AppRows> = {};
    const differences: string[] = [];
    for (const app of done) {
      const found = await readRows(sql, app.app, answer.slot, app.attempt);
      say(`\n${rowsText(app.app, found)}`);
      rows[app.app] = found;
      differences.push(...compareApp(app, answer.slot, found));
    }
    if (options.json) console.log(JSON.stringify({ answer, rows, differences }, null, 2));
    conclude(answer, rows, differences, say);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

function readOptions() {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    options: {
      ...{ mode: text, apps: text, slot: text, url: text, token: text, "database-url": text },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return "help";
  const { mode, slot, url, token, json } = values;
  const apps = readList("--apps", values.apps) ?? undefined;
  return { slot, url, token, json, databaseUrl: values["database-url"], request: { mode, apps, slot } };
}

/** Asked before the tick: one that cannot be checked is not worth its machines. */
async function openDatabase({ databaseUrl }: RunningStack): Promise<Sql> {
  if (databaseUrl === null)
    throw new UserError("Which database holds the history? Give --database-url or DATABASE_URL");
  if (!URL.canParse(databaseUrl))
    throw new UserError(
      "The database's URL cannot be read; it is like postgres://user:password@host:port/name",
    );
  const sql = connectPostgres(databaseUrl);
  try {
    await sql`select from flyahead.autoscaling_history limit 0`;
    return sql;
  } catch (error) {
    await sql.end({ timeout: 1 });
    const { host, pathname } = new URL(databaseUrl);
    throw new UserError(
      `Cannot read flyahead.autoscaling_history at ${host}${pathname}: ${causeOf(error)}. Is it this stack's database, and the role its owner?`,
    );
  }
}

async function moveToNextSlot(stack: RunningStack, say: (text: string) => void): Promise<void> {
  const clock = clockOf(stack, Date.now);
  if (!clock.simulated) return;
  const now = await clock.now();
  const slot = floorTo(now, NEXT_SLOT_MS) + NEXT_SLOT_MS;
  await clock.moveTo(slot);
  say(`The simulated clock was moved from ${formatInstant(now)} to ${formatInstant(slot)}, the next slot.`);
}

async function tick(stack: RunningStack, request: Record<string, unknown>): Promise<TickAnswer> {
  const answer = await callFunction(stack, "auto-scaling", request);
  if (answer.status !== 200) throw new UserError(`The tick was refused with ${refusalText(answer)}`);
  return readAnswer(answer.body);
}

/** @throws UserError with every difference, or with why nothing could be compared. */
function conclude(
  { apps }: TickAnswer,
  rows: Readonly<Record<string, AppRows>>,
  differences: readonly string[],
  say: (text: string) => void,
): void {
  if (differences.length > 0)
    throw new UserError(
      `\nDISAGREEMENT: ${differences.length} found\n${differences.map((what) => `  - ${what}`).join("\n")}`,
    );
  const undone = apps.filter(({ status }) => status !== "done");
  if (undone.length > 0)
    throw new UserError(
      `\nNOT TESTED: ${undone.map(({ app, status }) => `${app} (${status})`).join(", ")}. ${undone.some(({ status }) => status === "closed") ? "A closed slot is final: call again after the next one begins." : "Call again, or see the function's log."}`,
    );
  const history = Object.values(rows).flatMap((found) => found.history);
  const count = (kind: string) => history.filter(({ record }) => record.kind === kind).length;
  const cut = count("cut") > 0 ? `, ${count("cut")} too large to decide again` : "";
  say(
    `\nAll agree: ${history.length} decisions and ${history.flatMap(({ intents }) => intents).length} actions are in the answer and in Postgres alike; ${count("full")} full records decided again with the same result${cut}.`,
  );
}

runScript(main);
