/**
 * A series as one line of text, for progress and reports in a terminal.
 *
 * Each character shows the highest value of its stretch: averaging would hide the very minutes that hurt.
 */
const BLOCKS = "▁▂▃▄▅▆▇█";

/**
 * At most `width` characters from ▁ (zero) to █ (`top`, by default the highest value); a space where nothing was
 * recorded. A series shorter than `width` gets one character a value.
 */
export function sparkline(values: ArrayLike<number>, width: number, top = highest(values)): string {
  const columns = Math.max(0, Math.min(Math.floor(width), values.length));
  let line = "";
  for (let column = 0; column < columns; column++) {
    const from = Math.floor((column * values.length) / columns);
    const until = Math.floor(((column + 1) * values.length) / columns);
    line += blockFor(highest(values, from, until), top);
  }
  return line;
}

function blockFor(value: number, top: number): string {
  if (value === Number.NEGATIVE_INFINITY) return " ";
  const share = top > 0 ? Math.min(1, Math.max(0, value / top)) : 0;
  return BLOCKS[Math.min(BLOCKS.length - 1, Math.floor(share * BLOCKS.length))]!;
}

/** Minus infinity where nothing was recorded. */
function highest(values: ArrayLike<number>, from = 0, until = values.length): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = from; i < until; i++) if (values[i]! > most) most = values[i]!;
  return most;
}
