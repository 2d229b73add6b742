/**
 * Samples in a flood, from more callers than a function has hands, while ticks are due: each tick still closes its slot. With
 * the usual limit most of the flood is refused at the door; without any limit it is all stored, and ticks wait longer, but
 * nowhere near a minute, the shortest cadence.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { formatInstant, MINUTE_MS } from "../../src/core/time.ts";
import { type Lab, replyOf, startLab } from "../support/installation.ts";

const CALLERS = 24;
const TICKS = 4;
const SAMPLES = 300;

let lab: Lab;
beforeAll(async () => {
  lab = await startLab({ shop: [{ region: "fra", count: 2 }], blog: [{ region: "fra" }] });
  for (const app of ["shop", "blog"]) {
    lab.nextSlot();
    await lab.adopt(app);
  }
});
afterAll(() => lab?.close());

type Flood = { readonly counts: Record<string, number>; stop(): Promise<void> };

/** Callers that send batches for as long as the flood lasts, each as soon as the last was answered. */
function flood(token: string): Flood {
  const counts: Record<string, number> = {};
  let isOver = false;
  const caller = async () => {
    while (!isOver) {
      const until = lab.fly.now();
      const samples = Array.from({ length: SAMPLES }, (_, i) => ({
        ...{ app: "blog", region: "fra", requests: i },
        at: formatInstant(Math.floor(until / MINUTE_MS) * MINUTE_MS - (i + 1) * MINUTE_MS),
      }));
      const headers = { authorization: `Bearer ${token}` };
      const answer = await lab.call("traffic", { method: "POST", headers, body: JSON.stringify(samples) });
      await answer.arrayBuffer();
      counts[answer.status] = (counts[answer.status] ?? 0) + 1;
    }
  };
  const callers = Array.from({ length: CALLERS }, caller);
  return {
    counts,
    async stop() {
      isOver = true;
      await Promise.all(callers);
    },
  };
}

test.each([
  ["with the usual limit", "429", { INGEST_REQUESTS_PER_MINUTE: "120" }],
  ["without a limit", "200", {}],
] as const)("%s every tick closes its slot in time", async (name, most, env) => {
  await lab.stack.restartFunction("traffic", { ...lab.env, ...env });
  const tick = await lab.newToken(["tick"]);
  const running = flood(await lab.newToken(["ingest"], ["blog"]));
  const tookMs: number[] = [];
  const answered = (status: string) => running.counts[status] ?? 0;
  try {
    // The flood stands before the first tick comes.
    while (answered(most) < CALLERS) await new Promise((next) => setTimeout(next, 10));
    for (let i = 0; i < TICKS; i++) {
      lab.nextSlot();
      const from = performance.now();
      const headers = { authorization: `Bearer ${tick}` };
      const reply = await replyOf(await lab.call("auto-scaling", { method: "POST", headers, body: "{}" }));
      tookMs.push(Math.round(performance.now() - from));
      const statuses = reply.body.apps?.map(({ status }: { status: string }) => status);
      expect([reply.status, statuses], JSON.stringify(reply.body)).toEqual([200, ["done", "done"]]);
    }
  } finally {
    await running.stop();
  }
  // biome-ignore lint/suspicious/noConsole: what was sent and how long ticks took, for whoever reads the run
  console.log(JSON.stringify({ flood: name, answers: running.counts, tickMs: tookMs }));
  expect(Math.max(...tookMs)).toBeLessThan(MINUTE_MS);
  const open = await lab.sql`select app, slot from flyahead.ticks where closed_at is null`;
  expect([...open]).toEqual([]);
  const late = await lab.sql`select app from flyahead.ticks where (summary ->> 'deadlineReached')::boolean`;
  expect([...late]).toEqual([]);
  expect(Object.keys(running.counts).filter((status) => Number(status) >= 500)).toEqual([]);
});

test("who uses up one scope's requests has those of the other left: the same token floods and ticks", async () => {
  await lab.stack.restartFunction("traffic", { ...lab.env, INGEST_REQUESTS_PER_MINUTE: "3" });
  await lab.stack.restartFunction("auto-scaling", { ...lab.env, INGEST_REQUESTS_PER_MINUTE: "3" });
  const both = { authorization: `Bearer ${await lab.newToken(["tick", "ingest"])}` };
  const statuses = [];
  for (let i = 0; i < 5; i++)
    statuses.push((await lab.call("traffic", { method: "POST", headers: both, body: "[]" })).status);
  expect(statuses).toEqual([200, 200, 200, 429, 429]);
  lab.nextSlot();
  expect((await lab.call("auto-scaling", { method: "POST", headers: both, body: "{}" })).status).toBe(200);
});
