import { describe, expect, it } from "vitest";
import { createPostgresBreakerStore } from "../../../src/adapters/postgres/breaker-store.ts";
import { closedBreaker } from "../../../src/core/breaker/breaker.ts";
import { describeBreakerStore, describeProbePermits } from "../../contracts/breaker-store.ts";
import { usePostgres } from "./harness.ts";

const harness = usePostgres();

const makeHarness = async () => {
  const { owner, connectService } = await harness();
  const connections = [0, 1, 2, 3].map(connectService);
  const [store, ...others] = connections.map(createPostgresBreakerStore);
  return {
    store: store!,
    others,
    spoil: async (name: string) =>
      void (await owner`update flyahead.breakers set state = '{"mode":"?"}' where name = ${name}`),
    close: async () => void (await Promise.all(connections.map((sql) => sql.end()))),
  };
};
describeBreakerStore("Postgres", makeHarness);
describeProbePermits("Postgres", makeHarness);

describe("the operator's hand", () => {
  const NOW = Date.UTC(2026, 2, 1);
  const breaker = {
    ...closedBreaker(NOW),
    window: [
      [NOW, 1],
      [NOW, 3],
      [NOW, 0],
    ] as const,
  };

  async function asOperator(query: string) {
    const { owner } = await harness();
    return owner.begin(async (sql) => {
      await sql.unsafe("set local role flyahead_operator");
      return sql.unsafe(query);
    });
  }

  it("sees each breaker with what it judges by", async () => {
    const { owner } = await harness();
    await createPostgresBreakerStore(owner).save([{ name: "seen", version: 1, breaker }]);
    const [row] = await asOperator("select * from flyahead_api.breakers where name = 'seen'");
    expect(row).toMatchObject({ mode: "CLOSED", calls: 3, failures: 2, slow: 1, needs_person: false });
    expect(row).toMatchObject({ since: new Date(NOW), until: null, pending_order: null });
  });

  it("gives orders, which no save of a tick undoes", async () => {
    const { owner } = await harness();
    const store = createPostgresBreakerStore(owner);
    await store.save([{ name: "ordered", version: 1, breaker }]);
    await asOperator("select flyahead_api.force_breaker('ordered', 'FORCED_OPEN')");
    await asOperator("select flyahead_api.reset_breaker('ordered')");
    await store.save([{ name: "ordered", version: 2, breaker }]);
    const { orders } = await store.load();
    expect(orders).toContainEqual({ name: "ordered", id: 2, order: "reset" });
    const [row] = await asOperator("select * from flyahead_api.breakers where name = 'ordered'");
    expect(row).toMatchObject({
      pending_order: "reset",
      last_order: "reset",
      ordered_by: expect.any(String),
    });
    await store.save([{ name: "ordered", version: 3, breaker: { ...breaker, orderId: 2 } }]);
    const [done] = await asOperator("select * from flyahead_api.breakers where name = 'ordered'");
    expect(done).toMatchObject({ pending_order: null, last_order: "reset" });
  });

  it("is told of a name and a mode that do not exist", async () => {
    await expect(asOperator("select flyahead_api.reset_breaker('nobody')")).rejects.toThrow(
      'No breaker is named "nobody"',
    );
    await expect(asOperator("select flyahead_api.force_breaker('seen', 'CLOSED')")).rejects.toThrow(
      'cannot be forced into "CLOSED"',
    );
  });

  it("is the only one: the functions' role saves, and orders nothing", async () => {
    const { connectService } = await harness();
    const service = connectService();
    await expect(service`update flyahead.breakers set ordered = 'reset'`).rejects.toThrow(
      /permission denied/,
    );
    await expect(service`select flyahead_api.reset_breaker('seen')`).rejects.toThrow(/permission denied/);
    await service.end();
  });
});
