/**
 * Lines of a stream, in batches: a batch is what one chunk of the file completes, so that a long file costs one await
 * for some thousand lines. Line ends may be those of Unix or DOS.
 *
 * The trap is a file without line ends (a dump, a JSON array): it would be held as one line. No row is that long.
 */
import { UserError } from "../user-error.ts";

/** Characters of a line. */
export const LONGEST_LINE = 1_000_000;

/** @throws UserError for a line of more than LONGEST_LINE characters. */
export async function* lineBatches(text: AsyncIterable<string>): AsyncGenerator<string[]> {
  let rest = "";
  let count = 0;
  for await (const chunk of text) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    count += lines.length;
    if (rest.length > LONGEST_LINE)
      throw new UserError(`Line ${count + 1} has no end in sight; is this a CSV file?`);
    if (lines.length > 0) yield lines.map(withoutReturn);
  }
  if (rest !== "") yield [withoutReturn(rest)];
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
