import { describe, expect, it } from "vitest";
import { readFlyTokens } from "../../../src/adapters/fly/tokens.ts";

const header = (list: string, app = "shop") => readFlyTokens(list).authorization(app);

describe("readFlyTokens", () => {
  it.each([
    ["fm2_abc", "FlyV1 fm2_abc"],
    ["fm1r_abc", "FlyV1 fm1r_abc"],
    ["fm1a_abc", "FlyV1 fm1a_abc"],
    ["FlyV1 fm2_abc", "FlyV1 fm2_abc"],
    ["Bearer fm2_abc", "FlyV1 fm2_abc"],
    ["flyv1  fm2_abc", "FlyV1 fm2_abc"],
    ["fo1_Abc-9", "Bearer fo1_Abc-9"],
    ["Bearer fo1_Abc-9", "Bearer fo1_Abc-9"],
    ["  fm2_abc\n", "FlyV1 fm2_abc"],
    ["fm2_a==,fm2_b+/=", "FlyV1 fm2_a==,fm2_b+/="],
    ["FlyV1 fm2_a==, fm2_b", "FlyV1 fm2_a==,fm2_b"],
    ["fm2_a\nfm2_b", "FlyV1 fm2_a,fm2_b"],
  ])("sends %j as %j", (list, expected) => {
    expect(header(list)).toBe(expected);
  });

  it.each([
    "shop=fm2_a,fm2_b blog=fo1_c",
    "shop=fm2_a,fm2_b\nblog=fo1_c\n",
    "shop=FlyV1 fm2_a,fm2_b; blog=Bearer fo1_c",
    "shop=fm2_a,fm2_b, blog=fo1_c",
  ])("picks the token of the app from %j", (list) => {
    expect(header(list)).toBe("FlyV1 fm2_a,fm2_b");
    expect(header(list, "blog")).toBe("Bearer fo1_c");
    expect(header(list, "other")).toBeNull();
  });

  it("takes the entry without an app for every other app", () => {
    expect(header("shop=fm2_a fm2_d", "shop")).toBe("FlyV1 fm2_a");
    expect(header("shop=fm2_a fm2_d", "blog")).toBe("FlyV1 fm2_d");
  });

  it("speaks for the organisation with what is for no app alone", () => {
    expect(readFlyTokens("shop=fm2_aa fm2_bb").authorization(null)).toBe("FlyV1 fm2_bb");
    expect(readFlyTokens("shop=fm2_aa").authorization(null)).toBeNull();
  });

  it("has no token in an empty list", () => {
    expect(header(" \n;")).toBeNull();
  });

  it.each([
    ["shop=fm2_secret shop=fm2_secret2", /Entry 2 .*second one for app shop/],
    ["fm2_ok shop=", /Entry 2 .*is no token/],
    ["=fm2_ok shop=fm2_sécret", /Entry 2 .*is no token/],
    ["fo1_secret fo1_secret2", /2 entries without an app/],
  ])("refuses %j without repeating it", (list, message) => {
    expect(() => readFlyTokens(list)).toThrow(message);
    expect(() => readFlyTokens(list)).not.toThrow(/secret|sécret/);
  });

  it("blacks out each macaroon wherever it stands", () => {
    const { redact } = readFlyTokens("shop=fm2_aa,fm2_bb blog=fo1_cc");
    expect(redact("FlyV1 fm2_bb, then fm2_aa and fo1_cc")).toBe("FlyV1 [token], then [token] and [token]");
  });
});
