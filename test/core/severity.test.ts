import { expect, it } from "vitest";
import { type Need, severityOf } from "../../src/core/severity.ts";

it.each<[string, Partial<Need>]>([
  ["normal", {}],
  ["normal", { now: null, covered: null, withinHour: null }],
  ["normal", { withinHour: 4 }],
  ["elevated", { withinHour: 5 }],
  ["high", { covered: 5 }],
  ["critical", { now: 4 }],
  ["critical", { now: 9, covered: 9, withinHour: 9 }],
])("is %s with %o, three serving and one booting", (severity, need) => {
  expect(severityOf({ serving: 3, active: 4, now: 3, covered: 4, withinHour: 4, ...need })).toBe(severity);
});
