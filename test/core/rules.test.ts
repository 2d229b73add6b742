import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { applyConstraints, CONSTRAINTS } from "../../src/core/constraints/index.ts";
import { DEFAULT_RULES, RECORDED_RULES, RULES_OFF, rulesToRecord } from "../../src/core/rules.ts";
import { createRandom } from "../../src/sim/random.ts";
import { fresh, minutesBefore, NOW, observation, policy, started } from "./examples.ts";

it("leave what is wanted alone where all are off", () => {
  const random = createRandom("off");
  for (let i = 0; i < 300; i++) {
    const [from, to] = [random.int(0, 40), random.int(0, 400)];
    const seen = observation({
      machines: fresh(started(from)),
      samples: fresh(
        minutesBefore(
          NOW,
          Array.from({ length: 30 }, () => random.between(0, 9_000)),
        ),
      ),
      lastChangeAt: NOW - random.int(0, 600_000),
      tally: { changesToday: 99, spentMachineHours: 1e6, spentUsd: 1e6 },
      policy: policy({
        ...RULES_OFF,
        minWorkers: 0,
        maxWorkers: 1e6,
        stabilisationSeconds: 0,
        cooldownSeconds: 0,
      }),
    });
    const outlook = { severity: "normal", needNow: 0, normalWorkers: 1, confidence: 0 } as const;
    expect(applyConstraints({ from, to }, seen, outlook)).toEqual({ to, bites: [] });
  }
});

it("as shipped never hold up growth within the bounds", () => {
  const random = createRandom("shipped");
  for (let i = 0; i < 300; i++) {
    const from = random.int(0, 10);
    const to = random.int(from, 10);
    const seen = observation({
      machines: fresh(started(from)),
      lastChangeAt: NOW - random.int(0, 600_000),
      tally: { changesToday: random.int(0, 99), spentMachineHours: 1e6, spentUsd: 1e6 },
      policy: policy({ ...DEFAULT_RULES, minWorkers: 0 }),
    });
    const outlook = { severity: "normal", needNow: 0, normalWorkers: 0, confidence: 0 } as const;
    expect(applyConstraints({ from, to }, seen, outlook).to).toBe(to);
  }
});

it("are recorded as far as they differ from what a record takes for granted, which never changes", () => {
  expect(rulesToRecord(RECORDED_RULES)).toEqual({});
  expect(rulesToRecord({ ...RECORDED_RULES, capFactor: 3, keepCreated: 2 })).toEqual({
    capFactor: 3,
    keepCreated: 2,
  });
  expect({ ...RECORDED_RULES, ...rulesToRecord(RULES_OFF) }).toEqual(RULES_OFF);
  expect(RECORDED_RULES).toEqual({
    ...RULES_OFF,
    staleTrustSeconds: 86_400,
    flapsPerDay: 24,
    shrinkStepWorkers: 5,
    shrinkStepShare: 0.5,
    shrinkBand: 0.05,
    zeroAfterSeconds: 1_800,
    keepCreated: null,
    replacementsPerDay: 3,
  });
});

it("stand in docs/rules.md in their order, with every variable and the default that ships", () => {
  const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");
  const cells = read("docs/rules.md")
    .split("\n")
    .filter((line) => line.startsWith("| ") && !/^\| (rule|---)/.test(line))
    .map((line) => line.split("|").map((cell) => cell.trim()));
  expect(cells.map(([, rule]) => rule).filter((rule) => rule !== "")).toEqual(
    CONSTRAINTS.map(({ name }) => name),
  );
  const shipped = new Map(
    [...read(".env.example").matchAll(/^([A-Z_]+)=(.*)$/gm)].map((line) => [line[1]!, line[2]!]),
  );
  const open: Record<string, string> = { FLOOR_WORKERS: "the minimum", SCHEDULE: "none" };
  const told = cells.flatMap(([, , , variable = "", fallback = ""]) => {
    const name = /`([A-Z_]+)`/.exec(variable)?.[1];
    return name === undefined ? [] : [[name, fallback] as const];
  });
  for (const [name, fallback] of told) expect(fallback, name).toBe(shipped.get(name) || open[name]);
  const columns = Object.keys(RULES_OFF).map((name) =>
    name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase(),
  );
  const names = told.map(([name]) => name.replace(/_PERCENT$/, "")).join();
  for (const column of columns)
    if (column !== "KEEP_CREATED") expect(names).toContain(column.replace(/_SHARE$/, ""));
});
