import { expect, it } from "vitest";
import { lowestMode } from "../../src/core/policy.ts";

it("takes the weakest of the wishes", () => {
  expect(lowestMode("act", "act")).toBe("act");
  expect(lowestMode("act", "advise", "act")).toBe("advise");
  expect(lowestMode("act", "observe", "advise")).toBe("observe");
});
