import { expect, it } from "vitest";
import { toFourDigits } from "../../src/core/four-digits.ts";
import { createRandom } from "../../src/sim/random.ts";

const asText = (value: number) => Number(value.toPrecision(4));

it("is what the text of four digits says, to the last bit", () => {
  const random = createRandom("four digits");
  for (let i = 0; i < 50_000; i++) {
    const value = random.logNormal(1, 8);
    for (const one of [value, Math.round(100 * value) / 100]) expect(toFourDigits(one)).toBe(asText(one));
  }
});

it("is so beside ties and powers of ten, and for what has no digits", () => {
  const beside = (value: number) => [value * (1 - Number.EPSILON), value, value * (1 + Number.EPSILON)];
  const ties = Array.from({ length: 4_000 }, (_, i) => (2 * i + 1) / 2);
  const powers = Array.from({ length: 24 }, (_, i) => 10 ** (i - 8));
  const hard = [...ties, ...powers].flatMap((value) =>
    [1e-3, 0.1, 1, 10, 1e4].flatMap((by) => beside(by * value)),
  );
  for (const value of [...hard, 100.05, 999.95, 9_999.5, 0, -12.345, 1e300, Number.POSITIVE_INFINITY])
    expect(toFourDigits(value)).toBe(asText(value));
  expect(toFourDigits(Number.NaN)).toBeNaN();
});
