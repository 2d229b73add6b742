// Rows as a table of text, for a terminal. Where that is too narrow, the longest texts are cut; where that is not enough, each
// value gets a line of its own. Columns are as wide as they look, not as long as they are: 東京 takes four
// places, é written as two code points takes one, and so does nothing an invisible mark. Numbers stand to the right, NULL is ∅ (an
// empty string is empty), a cell is one line, and a long one is cut with ….

export interface TableOptions {
  /** Places that one cell may take before it is cut. Default: 60. */
  readonly maxCellWidth?: number;
  /** Places of the terminal. Default: its own, or as many as it takes where the output is none. */
  readonly places?: number;
  /** Whether texts may be cut further to fit; default: yes. */
  readonly cut?: boolean;
}

/** No text is cut below this to make a table fit. */
const LEAST_WIDTH = 16;
const GAP = 2;

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
const WIDE =
  /^[\u1100-\u115f\u231a\u231b\u2329\u232a\u23e9-\u23ec\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]|^\p{Emoji_Presentation}|^\p{RI}\p{RI}|\ufe0f/u;
const INVISIBLE = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}]+$/u;

/** How many places of a terminal a text takes. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const { segment } of graphemes.segment(text)) {
    if (WIDE.test(segment) || (segment.codePointAt(0) ?? 0) >= 0x20000) width += 2;
    else if (!INVISIBLE.test(segment)) width += 1;
  }
  return width;
}

/** The text, or as much of it as fits in `width` places with … behind it. */
export function shorten(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = "";
  for (const { segment } of graphemes.segment(text)) {
    if (displayWidth(kept + segment) > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** One value of a row as one line of text. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return "∅";
  if (value instanceof Date)
    return Number.isNaN(value.getTime())
      ? "invalid date"
      : value.toISOString().replace("T", " ").replace(".000Z", "Z");
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString("hex")}`;
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return text
    .replace(/\r?\n/g, "⏎")
    .replaceAll("\t", " ")
    .replace(
      /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu,
      (mark) => `\\u${mark.codePointAt(0)!.toString(16).padStart(4, "0")}`,
    );
}

const isNumeric = (value: unknown): boolean =>
  typeof value === "number" ||
  typeof value === "bigint" ||
  (typeof value === "string" && /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(value));

const pad = (text: string, width: number, right: boolean): string => {
  const space = " ".repeat(Math.max(0, width - displayWidth(text)));
  return right ? space + text : text + space;
};

/** The widths with which the table fits, texts cut evenly from the widest on; null where it cannot. */
function fitted(widths: readonly number[], right: readonly boolean[], places: number): number[] | null {
  const fit = [...widths];
  for (let over = fit.reduce((sum, width) => sum + width + GAP, -GAP) - places; over > 0; over--) {
    const texts = fit.map((width, i) => (right[i] || width <= LEAST_WIDTH ? 0 : width));
    const widest = texts.indexOf(Math.max(...texts));
    if (!texts[widest]) return null;
    fit[widest]! -= 1;
  }
  return fit;
}

/** A row as lines of name and value, with an empty line behind it. */
function asRecords(heads: readonly string[], cells: readonly (readonly string[])[]): string {
  const width = Math.max(...heads.map(displayWidth));
  const record = (row: readonly string[]) =>
    row.map((text, i) => `${pad(heads[i]!, width, false)}  ${text}`.trimEnd()).join("\n");
  return cells.map(record).join("\n\n");
}

/** A heading, a rule and one line for each row, without a line break at the end. */
export function textTable(
  columns: readonly string[],
  rows: readonly (readonly unknown[])[],
  options: TableOptions = {},
): string {
  const {
    maxCellWidth = 60,
    places = process.stdout.columns ?? Number.POSITIVE_INFINITY,
    cut = true,
  } = options;
  const cells = rows.map((row) => columns.map((_, index) => shorten(cellText(row[index]), maxCellWidth)));
  const heads = columns.map((name) => shorten(cellText(name), maxCellWidth));
  const widths = heads.map((head, index) =>
    Math.max(displayWidth(head), ...cells.map((row) => displayWidth(row[index]!))),
  );
  const right = columns.map((_, index) => {
    const values = rows.map((row) => row[index]).filter((value) => value !== null && value !== undefined);
    return values.length > 0 && values.every(isNumeric);
  });
  const total = widths.reduce((sum, width) => sum + width + GAP, -GAP);
  const fit = total <= places ? widths : cut ? fitted(widths, right, places) : null;
  if (fit === null && rows.length > 0) return asRecords(heads, cells);
  const taken = fit ?? widths;
  const line = (texts: readonly string[]) =>
    texts
      .map((text, index) => pad(shorten(text, taken[index]!), taken[index]!, right[index]!))
      .join("  ")
      .trimEnd();
  return [line(heads), taken.map((width) => "─".repeat(width)).join("  "), ...cells.map(line)].join("\n");
}
