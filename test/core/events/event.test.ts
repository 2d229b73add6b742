import { expect, it } from "vitest";
import { coveredByEvent } from "../../../src/core/events/event.ts";

it("covers its first instant and not its last", () => {
  const events = [{ kind: "launch", from: 100, until: 200 }];
  expect([99, 100, 199, 200].map((at) => coveredByEvent(events, at))).toEqual([false, true, true, false]);
  expect(coveredByEvent([], 150)).toBe(false);
});
