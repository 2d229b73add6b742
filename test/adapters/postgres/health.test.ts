import { describe, expect, it } from "vitest";
import { connectPostgres } from "../../../src/adapters/postgres/connect.ts";
import { createPostgresHealth } from "../../../src/adapters/postgres/health.ts";
import { judgePostgres } from "../../../src/adapters/postgres/judge.ts";
import { StaleFenceError } from "../../../src/errors.ts";
import { usePostgres } from "./harness.ts";

const harness = usePostgres();

describe("the health of Postgres", () => {
  it("is an answer and its latency; or why there is none", async () => {
    const { owner } = await harness();
    let now = 0;
    const clock = { now: () => (now += 7) };
    expect(await createPostgresHealth(owner, clock)()).toEqual({ ok: true, latencyMs: 7, why: null });
    const nowhere = connectPostgres("postgres://nobody:secret@127.0.0.1:1/none");
    const gone = await createPostgresHealth(nowhere, clock)();
    expect(gone).toEqual({ ok: false, latencyMs: 7, why: "ECONNREFUSED" });
    await nowhere.end();
  });

  it("is judged by what it answers: a refused query is an answer, a lost connection is none", async () => {
    const { owner, connectService } = await harness();
    const service = connectService();
    const verdictOf = (work: Promise<unknown>) =>
      work.then(
        () => "none",
        (error: unknown) => judgePostgres(error).result,
      );
    expect(await verdictOf(owner`select 1 / 0`)).toBe("ignored");
    expect(await verdictOf(service`select * from flyahead.no_such_table`)).toBe("ignored");
    expect(await verdictOf(owner`do $$ begin raise exception 'x' using errcode = '57P03'; end $$`)).toBe(
      "failure",
    );
    expect(await verdictOf(owner`do $$ begin raise exception 'x' using errcode = '28P01'; end $$`)).toBe(
      "denied",
    );
    const [{ pid }] = (await service`select pg_backend_pid() as pid`) as unknown as [{ pid: number }];
    const lost = verdictOf(service`select pg_sleep(30)`);
    await expect
      .poll(
        async () =>
          (await owner`select 1 from pg_stat_activity where pid = ${pid} and query like '%pg_sleep%'`).length,
      )
      .toBe(1);
    await owner`select pg_terminate_backend(${pid})`;
    expect(await lost).toBe("failure");
    expect(judgePostgres(new StaleFenceError("shop", 3)).result).toBe("ignored");
    await service.end({ timeout: 1 });
  });
});
