/**
 * One memory database with every port over it and the handles that the contract suites ask for. Its real time starts at
 * an arbitrary instant and moves only by `elapse`.
 */
import { createMemoryDatabase, livePool, registerPool } from "../../../src/adapters/memory/database.ts";
import { createMemoryHistory, type MemoryHistory } from "../../../src/adapters/memory/history.ts";
import { createMemoryLeases } from "../../../src/adapters/memory/leases.ts";
import { createMemoryPulls } from "../../../src/adapters/memory/pulls.ts";
import { createMemorySamples } from "../../../src/adapters/memory/samples.ts";
import { createMemoryTokens } from "../../../src/adapters/memory/tokens.ts";
import type { HistoryHarness } from "../../contracts/history.ts";
import type { LeasesHarness } from "../../contracts/leases.ts";
import type { PullsHarness } from "../../contracts/pulls.ts";
import type { SamplesHarness } from "../../contracts/samples.ts";
import type { TokensHarness } from "../../contracts/tokens.ts";

type MemoryHarness = LeasesHarness &
  HistoryHarness &
  SamplesHarness &
  PullsHarness &
  TokensHarness & { readonly history: MemoryHistory };

export function memoryHarness(): MemoryHarness {
  let realNow = 1_000_000;
  const database = createMemoryDatabase(() => realNow);
  const history = createMemoryHistory(database);
  const tokens = createMemoryTokens(database);
  return {
    history,
    tokens,
    leases: createMemoryLeases(database),
    samples: createMemorySamples(database),
    pulls: createMemoryPulls(database),
    elapse: async (ms) => {
      realNow += ms;
    },
    setPool: async (pool, wishes) => history.setPool(pool, wishes),
    addToken: async (token) => tokens.add(token),
    rotateToken: async (oldHash, newHash, oldUntil) => tokens.rotate(oldHash, newHash, oldUntil),
    addPool: async (pool) => {
      registerPool(database, pool).retiredAt = null;
    },
    retirePool: async (pool) => {
      const row = livePool(database, pool);
      if (row) row.retiredAt = realNow;
    },
    unreached: async (app) => history.unreached().flatMap((one) => (one.app === app ? [one.slot] : [])),
    written: async (app) => ({
      rows: history
        .rows()
        .filter(({ pool }) => pool.app === app)
        .map(({ pool, slot, attempt, mode, decision, record }) => {
          return { pool, slot, attempt, mode, kind: decision.kind, record };
        }),
      intents: history
        .intents()
        .filter(({ pool }) => pool.app === app)
        .map(({ id, outcome, closedAt }) => {
          const { status = null, evidence = null } = outcome ?? {};
          return { id, status, evidence, isClosed: closedAt !== null };
        }),
      summaries: history
        .ticks()
        .filter(({ lease }) => lease.app === app)
        .map(({ summary }) => summary),
      predictionCount: history.rows().reduce((count, row) => count + row.predictions.length, 0),
      patternCount: [...database.pools.values()].reduce((count, row) => count + row.patterns.length, 0),
    }),
  };
}
