/**
 * Reads a recorded trace: a CSV with the header `timestamp,requests`, one row a bin, timestamps in UTC at the bin's start.
 *
 * A missing row is a bin that was not recorded and becomes NaN; a row with 0 is a measured zero. The bin's width is not
 * written anywhere, so it is the most common distance between two rows. Everything doubtful is refused with its line
 * number rather than repaired: a replay of the wrong traffic looks just like a replay.
 */
import { formatInstant, type Instant } from "../../core/time.ts";

export { suggestRequestsPerMachine } from "./capacity.ts";
export { spreadTrace, type TraceRegion, traceRegions } from "./spread-trace.ts";

/** values[i] came in [start + i·stepMs, start + (i + 1)·stepMs); NaN was not recorded. */
export type Trace = { readonly stepMs: number; readonly start: Instant; readonly values: Float64Array };

const HEADER = "timestamp,requests";
const TIMESTAMP = /^\d{4}-\d\d-(\d\d)T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|\+00:00)$/;
const NUMBER = /^\+?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
/** Ten years of minutes: more is a wrong year in a timestamp, not a trace. */
const MOST_BINS = 5_300_000;

/**
 * Parses a trace. `name` is used in errors only. Line ends may be those of Unix or DOS.
 * Throws SyntaxError with the line number for a wrong header, a bad timestamp, a bad or negative number, a row that is
 * out of order, a second row for one time, a row off the grid, and for a file with fewer than two rows.
 */
export function readTrace(text: string, name = "trace"): Trace {
  const { times, counts, lines } = readRows(text, name);
  if (times.length < 2) {
    throw fault(
      name,
      lines.at(-1) ?? 1,
      `${times.length} rows are too few to tell the bin's width; give two or more`,
    );
  }
  const start = times[0]!;
  const stepMs = commonDistance(times);
  const length = (times.at(-1)! - start) / stepMs + 1;
  if (length > MOST_BINS) {
    const far = `${formatInstant(times.at(-1)!)} is ${Math.floor(length)} bins of ${stepMs / 1000} s after the first row`;
    throw fault(name, lines.at(-1)!, `${far}; check the year, or cut the file`);
  }
  const values = new Float64Array(Math.floor(length)).fill(Number.NaN);
  for (let row = 0; row < times.length; row++) {
    const index = (times[row]! - start) / stepMs;
    if (!Number.isInteger(index)) {
      const grid = `the grid of ${stepMs / 1000} s that starts at ${formatInstant(start)}`;
      throw fault(
        name,
        lines[row]!,
        `${formatInstant(times[row]!)} is not on ${grid}; sum the rows to even bins`,
      );
    }
    values[index] = counts[row]!;
  }
  return { stepMs, start, values };
}

type Rows = { times: number[]; counts: number[]; lines: number[] };

function readRows(text: string, name: string): Rows {
  const all = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  if (all[0] !== HEADER) {
    const found = text.trim() === "" ? "the file is empty" : `the header is "${clip(all[0]!)}"`;
    throw fault(name, 1, `${found}; the first line must be "${HEADER}"`);
  }
  const rows: Rows = { times: [], counts: [], lines: [] };
  for (let index = 1; index < all.length; index++) {
    const row = all[index]!;
    if (row === "" && all.slice(index).every((rest) => rest === "")) break;
    readRow(row, index + 1, name, rows);
  }
  return rows;
}

function readRow(row: string, line: number, name: string, rows: Rows): void {
  const cells = row.split(",");
  if (cells.length !== 2) {
    throw fault(
      name,
      line,
      `"${clip(row)}" has ${cells.length} cells; a row is a timestamp, a comma and a number`,
    );
  }
  const time = readTimestamp(cells[0]!, line, name);
  const before = rows.times.at(-1);
  if (before !== undefined && time <= before) {
    const what = time === before ? "is there twice" : `comes after the later ${formatInstant(before)}`;
    const remedy = time === before ? "keep one row" : "sort the rows by time";
    throw fault(name, line, `${formatInstant(time)} ${what}; ${remedy}`);
  }
  rows.times.push(time);
  rows.counts.push(readCount(cells[1]!, line, name));
  rows.lines.push(line);
}

function readTimestamp(cell: string, line: number, name: string): Instant {
  const match = TIMESTAMP.exec(cell);
  const time = match ? Date.parse(cell) : Number.NaN;
  // A day that its month does not have is carried into the next month without a word.
  if (!match || Number.isNaN(time) || !sameDay(time, Number(match[1]))) {
    throw fault(name, line, `"${clip(cell)}" is not a time; write it in UTC, like 2026-03-29T00:15:00Z`);
  }
  return time;
}

/** The hour 24 is the next day's first, and allowed. */
function sameDay(time: Instant, day: number): boolean {
  return new Date(time).getUTCDate() === day || new Date(time - 1).getUTCDate() === day;
}

function readCount(cell: string, line: number, name: string): number {
  const count = NUMBER.test(cell) ? Number(cell) : Number.NaN;
  if (Number.isFinite(count)) return count;
  const why = cell.startsWith("-") && NUMBER.test(cell.slice(1)) ? "is negative" : "is not a number";
  throw fault(
    name,
    line,
    `"${clip(cell)}" ${why}; write 0 or more, or leave the row out where nothing was recorded`,
  );
}

function commonDistance(times: readonly number[]): number {
  const counts = new Map<number, number>();
  for (let row = 1; row < times.length; row++) {
    const distance = times[row]! - times[row - 1]!;
    counts.set(distance, (counts.get(distance) ?? 0) + 1);
  }
  const byCount = [...counts].sort(([a, m], [b, n]) => n - m || a - b);
  return byCount[0]![0];
}

function clip(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 40)}…`;
}

function fault(name: string, line: number, why: string): SyntaxError {
  return new SyntaxError(`Cannot read trace ${name}, line ${line}: ${why}.`);
}
