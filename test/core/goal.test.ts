import { expect, it } from "vitest";
import { goalInWords, quantileAt, riskOf } from "../../src/core/goal.ts";
import { goalOf } from "../../src/core/policy.ts";

it("turns a price into a risk by the newsvendor's rule, and takes a promise as one", () => {
  expect(riskOf({ kind: "price", unservedPrice: 20 })).toBe(0.05);
  expect(riskOf({ kind: "promise", shortShare: 0.001 })).toBe(0.001);
});

it("says what is wished in a sentence", () => {
  expect(goalInWords({ kind: "promise", shortShare: 0.001 })).toBe("at most 0.1 % of minutes short");
  expect(goalInWords({ kind: "price", unservedPrice: 20 })).toBe(
    "an unserved machine-hour is worth 20 machine-hours",
  );
});

it("lets a price outrank a promise", () => {
  expect(goalOf({ shortShare: 0.01, unservedPrice: null }).kind).toBe("promise");
  expect(goalOf({ shortShare: 0.01, unservedPrice: 5 })).toEqual({ kind: "price", unservedPrice: 5 });
});

it("keeps the quantile one", () => {
  expect([0.9, 0.05, 0.001, 1e-9].map(quantileAt)).toEqual([0.5, 0.95, 0.999, 0.9999]);
});
