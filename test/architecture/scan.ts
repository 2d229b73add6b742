// Reads TypeScript just well enough to find imports and words: a scanner that walks over comments, strings, templates and
// regular expressions, so that what they say is not taken for code. Offsets and lines stay those of the source.
// The trap is `/`: it begins a regular expression only where a value may begin, and `x! / y` is a division.

export interface Scanned {
  /** The source with comments blanked. */
  readonly text: string;
  /** The source with comments and the insides of strings, templates and regular expressions blanked. */
  readonly code: string;
}

export interface Import {
  /** Null where an import() computes its name. */
  readonly specifier: string | null;
  readonly typeOnly: boolean;
  readonly line: number;
}

/** One broken rule. */
export interface Fault {
  readonly file: string;
  readonly line: number;
  readonly why: string;
}

/** Files by their path in the project, with / between the parts. */
export type Tree = ReadonlyMap<string, string>;

const COMMENT = /\/\/.*|\/\*[\s\S]*?(?:\*\/|$)/y;
const QUOTED = /(["'])(?:\\[\s\S]|(?!\1)[^\\\n])*\1?/y;
const REGEX = /\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y;
const TEMPLATE_TEXT = /(?:\\[\s\S]|\$(?!\{)|[^\\`$])*/y;
const BEFORE_A_VALUE =
  /(?:^|[(,=:[&|?{;+\-*%~^<>]|(?:^|[^\w)\]!])!|\b(?:return|typeof|case|in|of|default))\s*$/;

/** Blanks everything but line ends. */
const blank = (piece: string) => piece.replace(/[^\n]/g, " ");
const blankInside = (piece: string) =>
  piece[0] + blank(piece.slice(1, -1)) + (piece.length > 1 ? piece.at(-1) : "");

/** Blanks what is not code. */
export function scan(source: string): Scanned {
  let text = "";
  let code = "";
  let at = 0;
  /** For each template that we are in: how many braces its `${` has open. */
  const depths: number[] = [];
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0];
  };
  const put = (piece: string, asText: string, asCode: string) => {
    text += asText;
    code += asCode;
    at += piece.length;
  };
  const putTemplateText = () => {
    const piece = take(TEMPLATE_TEXT) ?? "";
    put(piece, piece, blank(piece));
    if (source[at] === "`") put("`", "`", "`");
    else if (source.startsWith("${", at)) {
      put("${", "${", "${");
      depths.push(0);
    }
  };
  while (at < source.length) {
    const char = source[at]!;
    const comment = char === "/" ? take(COMMENT) : undefined;
    const quoted = char === '"' || char === "'" ? take(QUOTED) : undefined;
    const regex = char === "/" && BEFORE_A_VALUE.test(code.slice(-40)) ? take(REGEX) : undefined;
    if (comment) put(comment, blank(comment), blank(comment));
    else if (quoted) put(quoted, quoted, blankInside(quoted));
    else if (regex) put(regex, regex, blankInside(regex));
    else {
      put(char, char, char);
      if (char === "`") putTemplateText();
      else if (char === "{" && depths.length > 0) depths.push(depths.pop()! + 1);
      else if (char === "}" && depths.length > 0) {
        const depth = depths.pop()!;
        if (depth === 0) putTemplateText();
        else depths.push(depth - 1);
      }
    }
  }
  return { text, code };
}

export const lineAt = (source: string, offset: number) => source.slice(0, offset).split("\n").length;

const FROM = /\b(?:import|export)\b(\s+type\b(?!\s*(?:,|from\b)))?([\w\s$,{}*]*?)\bfrom\s*(["'])/g;
const BARE = /\bimport\s*(["'])/g;
const CALL = /(?<![.\w$])import\s*\(\s*(["'`]?)/g;
/** `{ type A, type B }` and nothing else. */
const ONLY_TYPES = /^\s*\{\s*(?:type\s+[\w$]+(?:\s+as\s+[\w$]+)?\s*,?\s*)+\}\s*$/;

/** Every import, export … from and import() of a file, in the order of their kinds. */
export function importsOf(source: string): Import[] {
  const { text, code } = scan(source);
  const specifierAt = (start: number, quote: string) => text.slice(start, text.indexOf(quote, start));
  const found = (match: RegExpMatchArray, quote: string | undefined, typeOnly: boolean): Import => {
    const start = match.index! + match[0].length;
    return { specifier: quote ? specifierAt(start, quote) : null, typeOnly, line: lineAt(source, start) };
  };
  return [
    ...[...code.matchAll(FROM)].map((m) => found(m, m[3], m[1] !== undefined || ONLY_TYPES.test(m[2]!))),
    ...[...code.matchAll(BARE)].map((m) => found(m, m[1], false)),
    ...[...code.matchAll(CALL)].map((m) => found(m, m[1], false)),
  ];
}
