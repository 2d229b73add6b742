/**
 * Which cell of a row says what. A header is compared by its letters and digits alone, so "p95 latency (ms)",
 * p95LatencyMs and p95_latency_ms are one name.
 *
 * The trap is a column that is there under another name: without it every row would be refused for the wrong reason. So
 * a file without times or loads, or whose pools nobody names, is refused as a whole, with the headers that it has.
 */
import { UserError } from "../user-error.ts";
import type { ImportOptions } from "./options.ts";

export const NUMBERS = [
  ...([
    "requests",
    "errors",
    "p95_latency_ms",
    "cpu",
    "memory",
    "disk",
    "concurrency",
    "queue_depth",
  ] as const),
];
export const COLUMNS = [...(["at", "app", "region", "process_group"] as const), ...NUMBERS];
export type NumberColumn = (typeof NUMBERS)[number];
export type Column = (typeof COLUMNS)[number];

/** The place of each column in a record, from 0; absent where the file does not have it. */
export type Layout = {
  readonly places: ReadonlyMap<Column, number>;
  readonly width: number;
  /** Headers that nothing is read from. */
  readonly ignored: readonly string[];
};

export function isColumn(name: string): name is Column {
  return (COLUMNS as readonly string[]).includes(name);
}

const essence = (header: string) => header.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");

/** @throws UserError where a mapped header is not there, is there twice, or a needed column is missing. */
export function layoutOf(header: readonly string[], options: ImportOptions): Layout {
  const names = header.map((name) => name.trim());
  const found = COLUMNS.flatMap((column): [Column, number][] => {
    const asked = options.columns.get(column);
    const place = asked === undefined ? byOwnName(names, column) : byMapping(names, column, asked);
    return place === null ? [] : [[column, place]];
  });
  const places = new Map(found);
  const fixed: Partial<Record<Column, string | null>> = {
    app: options.fixed.app,
    region: options.fixed.region,
  };
  for (const column of ["at", "requests", "app", "region"] as const) {
    if (places.has(column) || fixed[column]) continue;
    const flag = column === "app" || column === "region" ? `, or give --${column}` : "";
    throw new UserError(
      `There is no column ${column}${separatorHint(names)}. The header has: ${names.join(", ")}. Say which one it is with --columns ${column}=…${flag}`,
    );
  }
  const used = new Set(places.values());
  return { places, width: names.length, ignored: names.filter((_, place) => !used.has(place)) };
}

function byOwnName(names: readonly string[], column: Column): number | null {
  const places = names.flatMap((name, place) => (essence(name) === essence(column) ? [place] : []));
  if (places.length < 2) return places[0] ?? null;
  throw new UserError(`There are ${places.length} columns ${column}; say which one counts, or rename one`);
}

function byMapping(names: readonly string[], column: Column, asked: string): number {
  const places = names.flatMap((name, place) => (name === asked ? [place] : []));
  if (places.length === 1) return places[0]!;
  const many = places.length === 0 ? "no column" : `${places.length} columns`;
  throw new UserError(
    `--columns ${column}=${asked}: the file has ${many} of that name. The header has: ${names.join(", ")}`,
  );
}

function separatorHint(names: readonly string[]): string {
  if (names.length > 1) return "";
  const mark = [";", "\t", "|", ","].find((candidate) => names[0]?.includes(candidate));
  if (mark === undefined) return "";
  return ` (are cells separated otherwise? --delimiter ${mark === "\t" ? "tab" : `'${mark}'`})`;
}
