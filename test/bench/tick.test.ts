/** The tick bench's own instruments: a wrong count would make every budget look kept. */
import { type AddressInfo, connect, createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Case } from "../../bench/tick/cases.ts";
import { type CountingProxy, startCountingProxy } from "../../bench/tick/counting-proxy.ts";
import { peakMb, processCpu } from "../../bench/tick/process-use.ts";
import { reportOf } from "../../bench/tick/report.ts";
import type { Cost } from "../../bench/tick/world.ts";

describe("the counting door", () => {
  /** Answers each line with its length in exclamation marks. */
  const server = createServer((socket) => {
    socket.on("data", (chunk) => {
      const lines = chunk.toString().split("\n").filter(Boolean);
      socket.write(lines.map((line) => `${"!".repeat(line.length)}\n`).join(""));
    });
  });
  let door: CountingProxy;
  beforeAll(async () => {
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    door = await startCountingProxy((server.address() as AddressInfo).port);
  });
  afterAll(async () => {
    await door.close();
    await new Promise((closed) => server.close(closed));
  });

  it("counts bytes each way, and a turn where the client speaks after the server did", async () => {
    const client = connect(door.port, "127.0.0.1");
    const ask = (text: string, answers: number) =>
      new Promise<void>((answered) => {
        let heard = "";
        client.on("data", function listen(chunk) {
          heard += chunk.toString();
          if (heard.split("\n").length <= answers) return;
          client.off("data", listen);
          answered();
        });
        client.write(text);
      });
    await ask("abc\n", 1);
    await ask("d\nef\n", 2);
    await ask("g\n", 1);
    client.destroy();
    expect(door.counts()).toEqual({ sentBytes: 4 + 5 + 2, receivedBytes: 4 + 5 + 2, turns: 3 });
  });
});

it.runIf(process.platform === "linux")(
  "CPU of a process grows with what it does; its peak is no less than it holds",
  () => {
    const before = processCpu(process.pid);
    const until = process.cpuUsage().user + 50_000;
    while (process.cpuUsage().user < until);
    const after = processCpu(process.pid);
    expect(after.all - before.all).toBeGreaterThan(30);
    expect(after.main).toBeLessThanOrEqual(after.all);
    expect(peakMb(process.pid)).toBeGreaterThan(10);
  },
);

describe("the report", () => {
  const cost: Cost = {
    cpuMs: 900,
    allCpuMs: 1_300,
    wallMs: 1_500,
    peakMb: 200,
    sqlTurns: 15,
    redisCommands: 10,
    flyCalls: 1,
    sqlBytes: 2_048,
    redisBytes: 1_024,
    flyBytes: 1_024,
    moved: 0,
    checkpoints: 0,
  };
  const caseOf = (regions: number, more: Partial<Cost> = {}): Case => ({
    fleet: { name: `${regions} pools`, apps: 1, regions, groups: 1 },
    pools: regions,
    steady: { ...cost, ...more },
    changing: cost,
    cold: cost,
    worstCpuMs: 950,
    bootCpuMs: 100,
    hotBytes: 2_000,
    coldBytes: 43_000,
  });

  it("says ok where all is within its budget", () => {
    const { text, isOver } = reportOf([caseOf(1), caseOf(35)], []);
    expect(isOver).toBe(false);
    expect(text).not.toMatch(/\bover\b/);
    expect(text).toMatch(/35 pools +steady +900 +1000 +ok/);
  });

  it.each([
    ["CPU", [caseOf(1), caseOf(35, { cpuMs: 1_001 })]],
    ["round trips that grow with the pools", [caseOf(1), caseOf(35, { sqlTurns: 17 })]],
    ["a large state", [{ ...caseOf(1), coldBytes: 50_000 }]],
  ])("says over for %s", (_, cases) => {
    const { text, isOver } = reportOf(cases, []);
    expect(isOver).toBe(true);
    expect(text.match(/\bover\b/g)).toHaveLength(1);
  });

  it("judges the months of the shipped cadence, and only tells of the quick one", () => {
    const month = {
      fleet: { name: "ten apps", apps: 10, regions: 1, groups: 1 },
      cadenceMinutes: 1,
      redisCommands: 600_000,
      storedMb: 50,
      yearMb: 300,
      stateMbADay: 10,
      hotBytes: 3_000,
      coldBytes: 40_000,
      sqlMb: 1_000,
      flyCalls: 3,
    } as const;
    expect(reportOf([], [month])).toMatchObject({
      isOver: false,
      text: expect.stringMatching(/600000 +500000 +\(over\)/),
    });
    expect(reportOf([], [{ ...month, cadenceMinutes: 15 }]).isOver).toBe(true);
  });
});
