/**
 * A number to four significant digits, to the last bit as `Number(value.toPrecision(4))` has it. That writes text and reads it
 * again, and a forecast has hundreds of loads; scaled by a power of ten, rounding finds the same.
 *
 * The trap is the tie: scaling may move a number onto the half between two neighbours that it only lies beside. So close to a
 * half the text decides, as it does for what is too small or too large to scale.
 */
const LEAST = 1;
const MOST = 1e12;
const CLOSE_TO_HALF = 1e-6;

export function toFourDigits(value: number): number {
  if (!(value >= LEAST && value < MOST)) return Number(value.toPrecision(4));
  // One of the two stays 1, so that only one rounding is made on the way.
  let scale = 1;
  while (value * scale < 1_000) scale *= 10;
  let unit = 1;
  while (value >= 10_000 * unit) unit *= 10;
  const scaled = (value * scale) / unit;
  if (Math.abs(scaled - Math.floor(scaled) - 0.5) < CLOSE_TO_HALF) return Number(value.toPrecision(4));
  return (Math.round(scaled) * unit) / scale;
}
