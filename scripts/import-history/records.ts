/**
 * Records of a CSV file after RFC 4180: cells may be quoted, a quoted one may hold delimiters, line ends and doubled
 * quotes. Nearly every line of traffic has no quote and is split as it is; what has one goes through csv-parse.
 *
 * The trap is a quote that never closes: a reader that trusts it swallows the file to its end. So a record may take
 * 100 lines; then its first line is refused, and reading goes on with the second.
 */
import { parse } from "csv-parse/sync";

export type CsvRecord = {
  /** Where it begins, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
};
export type BadRecord = { readonly line: number; readonly reason: string };

const MOST_LINES = 100;
const OPEN_QUOTE = "a quote is never closed";
const BAD_QUOTE = "a quote stands where none may; double it inside of a quoted cell";

/** Takes lines as they come. Empty ones are left out. */
export function recordReader(delimiter: string) {
  /** Lines of a record whose quotes are not closed yet. */
  let open: string[] = [];
  let line = 0;

  const read = (text: string, at: number): CsvRecord | BadRecord => {
    try {
      const [cells] = parse(text, { delimiter }) as string[][];
      return { line: at, cells: cells ?? [] };
    } catch {
      return { line: at, reason: BAD_QUOTE };
    }
  };
  /** The first open line is refused; the others are read again, by themselves. */
  const giveUp = (reason: string): (CsvRecord | BadRecord)[] => {
    const [, ...again] = open;
    const first = line - again.length;
    open = [];
    line = first;
    return [{ line: first, reason }, ...again.flatMap(push)];
  };
  const push = (text: string): (CsvRecord | BadRecord)[] => {
    line++;
    if (open.length === 0 && text === "") return [];
    if (open.length === 0 && !text.includes('"')) return [{ line, cells: text.split(delimiter) }];
    open.push(text);
    if (open.length > MOST_LINES) return giveUp(OPEN_QUOTE);
    const record = open.join("\n");
    if (isOpen(record)) return [];
    const answer = read(record, line - open.length + 1);
    if ("reason" in answer && open.length > 1) return giveUp(BAD_QUOTE);
    open = [];
    return [answer];
  };
  return { push, end: () => (open.length === 0 ? [] : endOf()) };

  function endOf(): (CsvRecord | BadRecord)[] {
    const found: (CsvRecord | BadRecord)[] = [];
    while (open.length > 0) found.push(...giveUp(OPEN_QUOTE));
    return found;
  }
}

/** An odd number of quotes: one is open. */
function isOpen(text: string): boolean {
  let quotes = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) quotes++;
  return quotes % 2 === 1;
}
