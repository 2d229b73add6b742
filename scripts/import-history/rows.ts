/**
 * Records become rows. Here only what cannot be read is refused: a number that is none, a time that is none, a line with
 * too few cells. What can be read and must not be taken (a load below zero, the future, an unknown pool) the database
 * refuses, with the same rules for every door (migrations/0020_import.sql).
 */
import type { Instant } from "../../src/core/time.ts";
import { type Column, type Layout, NUMBERS } from "./columns.ts";
import { nearestTo } from "./local-time.ts";
import type { ImportOptions } from "./options.ts";
import { readTime } from "./read-time.ts";
import type { CsvRecord } from "./records.ts";

export type Row = {
  readonly line: number;
  readonly app: string;
  readonly region: string;
  readonly group: string;
  readonly at: Instant;
  /** In the order of NUMBERS; null was not measured. */
  readonly values: readonly (number | null)[];
};
export type BadRow = { readonly line: number; readonly reason: string; readonly example: string | null };

const NOTHING = /^(|null|nan|\\N)$/i;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
// biome-ignore lint/suspicious/noControlCharactersInRegex: Postgres takes no NUL, and no name has any of them
const CONTROL = /[\u0000-\u001f]/;

/** Reads one record after the other: a local time that comes twice is told by the row before it. */
export function rowReader(
  layout: Layout,
  { fixed, timeZone, binSeconds }: ImportOptions,
): (record: CsvRecord) => Row | BadRow {
  const previous = new Map<string, Instant>();
  const places = NUMBERS.map((column) => layout.places.get(column));
  const cellOf = (cells: readonly string[], column: Column) => {
    const place = layout.places.get(column);
    return place === undefined ? "" : (cells[place] ?? "").trim();
  };

  return ({ line, cells }) => {
    const bad = (reason: string, example: string): BadRow => ({ line, reason, example });
    if (cells.length !== layout.width)
      return bad(`the line does not have the header's ${layout.width} cells`, `${cells.length}`);
    const app = cellOf(cells, "app") || (fixed.app ?? "");
    const region = cellOf(cells, "region") || (fixed.region ?? "");
    const group = cellOf(cells, "process_group") || fixed.group;
    const name = `${app}/${group}@${region}`;
    if (CONTROL.test(name)) return bad("app, region or process_group is no name", JSON.stringify(name));

    const values: (number | null)[] = [];
    for (const [index, place] of places.entries()) {
      const value = place === undefined ? null : readNumber(cells[place]!.trim());
      if (Number.isNaN(value)) return bad(`${NUMBERS[index]} is no number`, cells[place!]!);
      values.push(value);
    }
    const text = cellOf(cells, "at");
    const time = readTime(text, timeZone);
    if ("reason" in time) return bad(time.reason, text);
    // Rows of less than a minute may share an instant: several machines, several status codes.
    const before = previous.get(name) ?? null;
    const at = nearestTo(binSeconds < 60 && before !== null ? before + 1 : before, time.instants);
    previous.set(name, at);
    return { line, app, region, group, at, values };
  };
}

/** NaN is what nobody can read, null what nobody measured. */
function readNumber(text: string): number | null {
  if (NOTHING.test(text)) return null;
  const value = NUMBER.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : Number.NaN;
}
