/**
 * The schedule's SQL on an embedded Postgres with stand-ins for pg_cron, pg_net and Vault; what really posts is the test.
 * The database's clock is set (simulated_now), so slots are chosen, not waited for.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Database, useEmbedded } from "../support/databases.ts";
import { startTestServer, type TestServer } from "./http-server.ts";
import { PG_CRON, PG_NET, postQueued, VAULT } from "./stand-ins.ts";

const SLOT = "2026-03-02T09:00:00Z";

const open = useEmbedded();

describe("the schedule", () => {
  let db: Database;
  let http: TestServer;

  const now = (at: string) => db.owner`
    insert into flyahead.settings (name, value) values ('simulated_now', ${at}) on conflict (name) do update set value = excluded.value`;
  const requests = async () => [
    ...(await db.owner`select job, slot, to_jsonb(apps) as apps, status_code, error from flyahead.schedule_requests order by id`),
  ];
  const followUp = () => db.owner`select flyahead.follow_up()`;
  const unreached = (slot: string, app: string) =>
    db.owner`insert into flyahead.unreached_apps (slot, app, noted_at) values (${slot}, ${app}, ${slot})`;

  beforeAll(async () => {
    db = await open();
    http = await startTestServer();
    await db.owner.unsafe(VAULT);
    await db.owner.unsafe(PG_CRON);
    await db.owner.unsafe(PG_NET);
    await db.owner`select vault.create_secret(${http.url}, 'flyahead_url')`;
    await db.owner`select vault.create_secret('secret-word', 'flyahead_cron_token')`;
  });
  afterAll(() => http?.close());
  beforeEach(async () => {
    await db.owner`truncate flyahead.schedule_requests, flyahead.unreached_apps, net.http_request_queue, net._http_response`;
    await now("2026-03-02T09:00:02Z");
    http.asked.length = 0;
    http.answer = { status: 200, text: "{}" };
  });

  it("installs its jobs once, at the cadence, and takes those made by hand away", async () => {
    await db.owner`select cron.schedule('flyahead-tick', '*/5 * * * *', 'select 1'), cron.schedule('flyahead-unreached', '* * * * *', 'select 1'),
      cron.schedule('somebody-else', '* * * * *', 'select 1')`;
    await db.owner`select * from flyahead.install_schedule()`;
    await db.owner`select * from flyahead.install_schedule()`;
    const jobs = () => db.owner`select jobname, schedule, command from cron.job order by jobname`;
    expect([...(await jobs())]).toEqual([
      { jobname: "flyahead-follow-up", schedule: "* * * * *", command: "select flyahead.follow_up()" },
      { jobname: "flyahead-rollups", schedule: "* * * * *", command: "select flyahead.refresh_rollups()" },
      { jobname: "flyahead-tick", schedule: "*/5 * * * *", command: "select flyahead.send_tick()" },
      { jobname: "flyahead-upkeep", schedule: "7 * * * *", command: "select flyahead.maintain()" },
      { jobname: "somebody-else", schedule: "* * * * *", command: "select 1" },
    ]);
    for (const { command } of await jobs()) await db.owner.unsafe(command);
    await expect(db.owner`select * from flyahead.install_schedule(7)`).rejects.toThrow(
      /cadence is 7 minutes, expected 1, 5 or 15/,
    );
    await db.owner`select * from flyahead.install_schedule(15)`;
    const removed = await db.owner`select * from flyahead.remove_schedule() as name order by 1`;
    expect(removed.map(({ name }) => name)).toEqual([
      "flyahead-follow-up",
      "flyahead-rollups",
      "flyahead-tick",
      "flyahead-upkeep",
    ]);
    expect((await jobs()).map(({ jobname }) => jobname)).toEqual(["somebody-else"]);
  });

  it("posts with the token, for two minutes at most, and reads the answer", async () => {
    await db.owner`select flyahead.send_tick()`;
    const [posted] = await postQueued(db.owner);
    expect(posted).toMatchObject({ url: `${http.url}/auto-scaling`, body: {}, timeout: 120_000 });
    expect(http.asked[0]).toMatchObject({
      url: "/auto-scaling",
      headers: { authorization: "Bearer secret-word" },
    });
    await followUp();
    expect(await requests()).toEqual([
      { job: "tick", slot: new Date(SLOT), apps: null, status_code: 200, error: null },
    ]);
  });

  it("says what keeps a request from being sent, instead of failing where nobody looks", async () => {
    await db.owner`delete from vault.secrets where name = 'flyahead_url'`;
    await db.owner`select flyahead.send_tick()`;
    await db.owner`select vault.create_secret(${http.url}, 'flyahead_url')`;
    expect((await requests())[0]).toMatchObject({
      status_code: null,
      error: "not sent: Vault has no secret flyahead_url",
    });
  });

  it("calls once more for a request that failed while its slot is on, and not for one that was refused", async () => {
    http.answer = { status: 503, text: "no books" };
    await db.owner`select flyahead.send_tick()`;
    for (let minute = 0; minute < 4; minute++) {
      await postQueued(db.owner);
      await followUp();
    }
    expect(await requests()).toMatchObject([
      { job: "tick", status_code: 503, error: "no books" },
      { job: "again", status_code: 503, error: "no books" },
    ]);
    await now("2026-03-02T09:15:02Z");
    http.answer = { status: 401, text: "no such token" };
    await db.owner`select flyahead.send_tick()`;
    await postQueued(db.owner);
    await followUp();
    await followUp();
    expect((await requests()).slice(2)).toMatchObject([{ job: "tick", status_code: 401 }]);
  });

  it("takes an answer that was cut off, or never came, for a failure", async () => {
    http.answer = "drop";
    await db.owner`select flyahead.send_tick()`;
    await postQueued(db.owner);
    await db.owner`select flyahead.harvest_answers()`;
    expect((await requests())[0]).toMatchObject({
      status_code: null,
      error: expect.stringMatching(/socket|reset|closed/i),
    });

    await db.owner`truncate flyahead.schedule_requests`;
    await db.owner`select flyahead.send_tick()`;
    await now("2026-03-02T09:03:00Z");
    await followUp();
    expect((await requests())[0]).toMatchObject({ error: null });
    await now("2026-03-02T09:03:30Z");
    await followUp();
    expect(await requests()).toMatchObject([{ error: "no answer came" }, { job: "again" }]);
  });

  it("calls again for apps that were not reached, five times at most, and only in their slot", async () => {
    await db.owner`select flyahead.send_tick()`;
    await unreached(SLOT, "shop");
    await unreached(SLOT, "blog");
    await followUp();
    expect(await requests()).toHaveLength(1);
    for (let minute = 0; minute < 8; minute++) {
      await postQueued(db.owner);
      await followUp();
    }
    expect(await requests()).toHaveLength(6);
    expect(http.asked.slice(1).map(({ body }) => body)).toEqual(
      new Array(5).fill({ apps: ["blog", "shop"] }),
    );
    await now("2026-03-02T09:15:02Z");
    await followUp();
    expect(await requests()).toHaveLength(6);
  });

  it("forgets old requests and the runs of its own jobs", async () => {
    await db.owner`select flyahead.send_tick()`;
    await db.owner`select * from flyahead.install_schedule(15)`;
    // Of each job: one that never started, one that ended three days ago, one that ended a day ago.
    await db.owner`insert into cron.job_run_details (jobid, end_time)
      select jobid, now() - ago from (values (1, null), (2, interval '3 days'), (3, interval '1 day')) run (number, ago), cron.job
      where jobname in ('flyahead-tick', 'somebody-else') order by number`;
    await db.owner`select flyahead.prune_schedule()`;
    expect(await requests()).toHaveLength(1);
    await now("2026-03-09T09:00:03Z");
    await db.owner`select flyahead.prune_schedule()`;
    expect(await requests()).toHaveLength(0);
    const left =
      await db.owner`select j.jobname, count(*)::integer as runs from cron.job_run_details d join cron.job j using (jobid) group by 1 order by 1`;
    expect([...left]).toEqual([
      { jobname: "flyahead-tick", runs: 1 },
      { jobname: "somebody-else", runs: 3 },
    ]);
  });

  it("keeps the secrets from the functions' role", async () => {
    for (const query of [
      "select flyahead.vault_secret('flyahead_cron_token')",
      "select flyahead.send_tick()",
      "select flyahead.install_schedule()",
    ]) {
      await expect(db.asService.unsafe(query)).rejects.toThrow(/permission denied/);
    }
    await db.asService`select flyahead.note_request('tick', ${SLOT}, null, ${SLOT}, 200, null)`;
    await db.asService`select * from flyahead.call_again_for()`;
  });
});

describe("without the extensions", () => {
  it("the migrations load, and install_schedule says what is missing", async () => {
    const db = await open();
    await expect(db.owner`select * from flyahead.install_schedule()`).rejects.toThrow(/pg_net is not here/);
    await db.owner`select * from flyahead.remove_schedule()`;
    await db.owner`select flyahead.follow_up(), flyahead.prune_schedule()`;
  });
});
