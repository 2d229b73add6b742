import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { floorTo, formatInstant, MINUTE_MS } from "../../src/core/time.ts";
import { findFreePort } from "../../src/local/free-port.ts";
import { type Installed, installed } from "./installed.ts";

let world: Installed;
beforeAll(async () => {
  world = await installed();
});
afterAll(() => world?.close());
afterEach(() => world.installation.sql.unsafe("drop trigger if exists tamper on flyahead.ticks"));

const run = (...args: string[]) => world.run("test-autoscaling.ts", args);

/**
 * A minute before the next slot: ten minutes of far more load than the pools may have machines for, so that what is decided
 * is their maximum, whatever is forecast.
 */
async function overload(maxWorkers: number): Promise<void> {
  const { fly, call, sql } = world.installation;
  const slot = floorTo(fly.now(), 15 * MINUTE_MS) + 15 * MINUTE_MS;
  if (slot - MINUTE_MS > fly.now()) fly.advanceTo(slot - MINUTE_MS);
  await sql`update flyahead.worker_regions set max_workers = ${maxWorkers}`;
  const samples = ["iad", "fra"].flatMap((region) =>
    Array.from({ length: 10 }, (_, i) => {
      const at = formatInstant(slot - (i + 2) * MINUTE_MS);
      return { app: "shop", region, processGroup: "web", at, requests: 9_000 };
    }),
  );
  const answer = await call("traffic", { method: "POST", body: JSON.stringify(samples) });
  expect(await answer.json()).toEqual({ stored: 20, refused: [] });
}

/** Somebody's hand in the books, after the tick has written and before anybody reads; `new` is the tick's row. */
async function tamper(statement: string): Promise<void> {
  await world.installation.sql.unsafe(`
    create or replace function public.tamper() returns trigger language plpgsql as $$ begin ${statement}; return new; end $$;
    create trigger tamper after update of closed_at on flyahead.ticks for each row execute function public.tamper()`);
}
const poolOf = (region: string) => `(select id from flyahead.worker_regions where region = '${region}')`;

const startedCount = () =>
  world.installation.fly.machines().filter(({ state }) => state === "started").length;

test("without traffic all pools hold, their records are short, and answer and history agree", async () => {
  const { status, stdout } = await run();
  expect(status).toBe(0);
  expect(stdout).toMatch(/shop\/web@fra +act +1 → 1 +hold +∅/);
  expect(stdout).toMatch(/scaling_intents: none/);
  expect(stdout).toMatch(/All agree: 2 decisions and 0 actions .*; 0 full records/);
});

test("moves the simulated clock to the next slot, shows decisions, outcomes and rows, and finds that all agree", async () => {
  await overload(3);
  const before = world.installation.fly.now();
  const { status, stdout, stderr } = await run();
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const slot = formatInstant(floorTo(before, 15 * MINUTE_MS) + 15 * MINUTE_MS);
  expect(stdout).toContain(
    `The simulated clock was moved from ${formatInstant(before)} to ${slot}, the next slot.`,
  );
  expect(stdout).toContain(`Slot ${slot}, mode act`);
  expect(stdout).toMatch(/shop\/web@fra +act +1 → 3 +grow +\d\.\d\d/);
  expect(stdout).toMatch(
    /^shop\/web@iad: Grow from 2 to 3: .*\.\n {4}create fa-web-iad-\S+ as a copy of \S+: done \(created/m,
  );
  expect(stdout).toMatch(/^ +\d+ +0 +start +\S+ +done +Fly took the start/m);
  expect(stdout).toMatch(
    /All agree: 2 decisions and 3 actions .*; 2 full records decided again with the same result\.\n$/,
  );
  const { fly } = world.installation;
  fly.advanceTo(fly.now() + MINUTE_MS);
  expect(startedCount()).toBe(6);
});

test("--mode advise moves nothing, and --json is data", async () => {
  await overload(4);
  const { status, stdout } = await run("--mode", "advise", "--apps", "shop", "--json");
  expect(status).toBe(0);
  const { answer, rows, differences } = JSON.parse(stdout);
  expect(differences).toEqual([]);
  expect(answer.apps[0].pools[0].actions[0]).toMatchObject({ kind: "create", outcome: null });
  expect(rows.shop.history[0]).toMatchObject({ mode: "advise", kind: "grow", intents: [] });
  expect(world.installation.fly.machines()).toHaveLength(6);
});

test("a slot that is over was not tested, and this is said loudly", async () => {
  const slot = formatInstant(floorTo(world.installation.fly.now(), 15 * MINUTE_MS));
  const { status, stdout, stderr } = await run("--slot", slot);
  expect(status).toBe(1);
  expect(stdout).toContain("shop: nothing done, this slot was closed by an earlier call");
  expect(stderr).toMatch(/NOT TESTED: shop \(closed\)\. A closed slot is final/);
});

test("a tampered history row: each difference is named, and only that pool", async () => {
  await overload(4);
  await tamper(`update flyahead.autoscaling_history set to_workers = 9, reason = 'Because I say so.'
    where tick_id = new.id and pool_id = ${poolOf("fra")}`);
  const { status, stdout, stderr } = await run();
  expect(status).toBe(1);
  expect(stdout).not.toContain("All agree");
  expect(stderr).toMatch(/^\nDISAGREEMENT: 4 found$/m);
  expect(stderr).toMatch(/shop\/web@fra: to: the answer says 4, history row \d+ says 9/);
  expect(stderr).toMatch(
    /shop\/web@fra: reason: the answer says "Grow.*", history row \d+ says "Because I say so\."/,
  );
  expect(stderr).toMatch(/shop\/web@fra: to: decided again from the record says 4, history row \d+ says 9/);
  expect(stderr).not.toContain("iad");
});

test("a row that is missing, an outcome and a record that were changed are found too", async () => {
  await overload(5);
  await tamper(`
    delete from flyahead.scaling_intents where history_id in
      (select id from flyahead.autoscaling_history where tick_id = new.id and pool_id = ${poolOf("iad")});
    delete from flyahead.autoscaling_history where tick_id = new.id and pool_id = ${poolOf("iad")};
    update flyahead.scaling_intents i set status = 'failed' from flyahead.autoscaling_history h
      where h.id = i.history_id and h.tick_id = new.id;
    update flyahead.autoscaling_history set record = jsonb_set(record, '{observation,policy,maxWorkers}', '4')
      where tick_id = new.id`);
  const { status, stderr } = await run();
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /shop\/web@iad: autoscaling_history has 0 rows for shop at \S+, attempt 1; it must have one/,
  );
  expect(stderr).toMatch(
    /shop\/web@fra: action 0 \(create\), status: the answer says "done", scaling_intents says "failed"/,
  );
  expect(stderr).toMatch(/shop\/web@fra: to: decided again from the record says 4, history row \d+ says 5/);
});

test("refused and unknown outcomes are told in words, and agree with their intents", async () => {
  const { fly } = world.installation;
  await overload(6);
  fly.addFault({ kind: "noCapacity", action: "create", region: "iad" });
  fly.addFault({ kind: "timeoutBefore", action: "create", region: "fra" });
  const { status, stdout } = await run();
  fly.clearFaults();
  expect(stdout).toMatch(/create fa-web-iad-\S+ as a copy of \S+: refused \(/);
  expect(stdout).toMatch(/create fa-web-fra-\S+ as a copy of \S+: not known, the next tick looks again \(/);
  expect(stdout).toMatch(/^ +\d+ +0 +create +fa-web-fra-\S+ +unknown/m);
  expect(stdout).toMatch(/All agree: 2 decisions and 2 actions/);
  expect(status).toBe(0);
  // Where there was no room, it is not asked again so soon.
  await overload(6);
  expect((await run()).stdout).toMatch(/All agree: 2 decisions and 1 actions/);
});

test("what keeps it from calling is said in a sentence, and then nothing was called", async () => {
  const { stack, sql } = world.installation;
  const away = `http://127.0.0.1:${await findFreePort()}/functions/v1`;
  const faults: [string[], RegExp][] = [
    [["--token", "fa_wrong_wrong_wrong_wrong"], /^The tick was refused with 401: This token is unknown/],
    [["--mode", "fly"], /^The tick was refused with 400: .*\n {2}mode: /],
    [["--apps", "nobody"], /^The tick was refused with 400: Not configured: nobody/],
    [
      ["--url", away, "--token", "fa_x", "--database-url", stack.postgres.adminUrl],
      /^Cannot reach http:\/\/127\.0\.0\.1:\d+\/functions\/v1\/auto-scaling: ECONNREFUSED/,
    ],
    [["--url", away, "--token", "fa_x"], /^Which database holds the history/],
    [["--url", away], /^No token for http:\/\/127\.0\.0\.1:\d+\/functions\/v1: give --token/],
    [["--url", "nonsense"], /^The URL "nonsense" cannot be read/],
    [
      ["--database-url", "postgres://u:secret@127.0.0.1:1/none"],
      /^Cannot read flyahead\.autoscaling_history at 127\.0\.0\.1:1\/none: .*ECONNREFUSED/,
    ],
    [["--speed", "1"], /^Unknown option '--speed'.*\n\nUsage/s],
  ];
  const count = () => sql`select count(*)::integer as ticks from flyahead.ticks`;
  const [before] = await count();
  for (const [args, why] of faults) {
    const { status, stderr } = await run(...args);
    expect(stderr).toMatch(why);
    expect(stderr).not.toMatch(/^ +at |secret/m);
    expect({ args, status }).toEqual({ args, status: 1 });
  }
  expect((await count())[0]).toEqual(before);
  expect((await world.runAlone("test-autoscaling.ts", [])).stderr).toMatch(/^Which stack\? Give --url/);
});
