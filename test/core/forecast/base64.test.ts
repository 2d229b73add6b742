import { describe, expect, it } from "vitest";
import { bytesOf, toBase64 } from "../../../src/core/forecast/base64.ts";

/** RFC 4648, section 10. */
const VECTORS = [
  ["", ""],
  ["f", "Zg=="],
  ["fo", "Zm8="],
  ["foo", "Zm9v"],
  ["foob", "Zm9vYg=="],
  ["fooba", "Zm9vYmE="],
  ["foobar", "Zm9vYmFy"],
] as const;

describe("RFC 4648's test vectors", () => {
  it.each(VECTORS)("%j is %j", (plain, base64) => {
    const bytes = new TextEncoder().encode(plain);
    expect(toBase64(bytes)).toBe(base64);
    expect([...bytesOf(base64)]).toEqual([...bytes]);
  });
});

it("writes + and / for the last two digits, as the standard alphabet has them", () => {
  expect(toBase64(Uint8Array.of(0xfb, 0xff, 0xbf))).toBe("+/+/");
});

it("takes the part of a buffer that the view shows", () => {
  const whole = Uint8Array.of(1, 2, 3, 4, 5, 6);
  expect([...bytesOf(toBase64(whole.subarray(2, 5)))]).toEqual([3, 4, 5]);
});

it("carries numbers of many pieces, to the bit", () => {
  const numbers = Float32Array.from({ length: 10_001 }, (_, i) => Math.fround(1 / (i - 3)));
  numbers[7] = Number.NaN;
  const back = new Float32Array(bytesOf(toBase64(numbers)).buffer);
  expect([...back]).toEqual([...numbers]);
});

it("refuses what is no base64", () => {
  for (const text of ["§§§", "Zg=", "Z"]) expect(() => bytesOf(text)).toThrow();
});
