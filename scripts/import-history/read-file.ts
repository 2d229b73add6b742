/**
 * A CSV file as batches of rows, read as a stream: what is held is one chunk of it, however long it is. The first record
 * is the header.
 */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { UserError } from "../user-error.ts";
import { type Layout, layoutOf } from "./columns.ts";
import { lineBatches } from "./lines.ts";
import type { ImportOptions } from "./options.ts";
import { type BadRecord, type CsvRecord, recordReader } from "./records.ts";
import { type BadRow, type Row, rowReader } from "./rows.ts";

export type Batch = { readonly rows: readonly Row[]; readonly bad: readonly BadRow[] };
export type OpenFile = {
  /** How much of it was read, in [0, 1]; null where its length is not known. */
  share(): number | null;
  readonly batches: AsyncIterable<Batch>;
};

/**
 * @param onHeader told once what stands where
 * @throws UserError where there is no such file; its batches throw one where it is empty or its header will not do
 */
export async function openFile(
  options: ImportOptions,
  onHeader: (layout: Layout) => void,
): Promise<OpenFile> {
  const isStdin = options.file === "-";
  const bytes = isStdin ? null : await sizeOf(options.file);
  const stream = isStdin ? process.stdin.setEncoding("utf8") : createReadStream(options.file, "utf8");
  const read = () => ("bytesRead" in stream ? stream.bytesRead : 0);
  return {
    share: () => (bytes === null ? null : read() / Math.max(bytes, 1)),
    batches: batchesOf(lineBatches(stream), options, onHeader),
  };
}

async function sizeOf(file: string): Promise<number> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    throw new UserError(`Cannot read ${file}: ${error.code ?? error.message}. Is the path right?`);
  });
  if (found.isFile()) return found.size;
  throw new UserError(`Cannot read ${file}: it is no file`);
}

async function* batchesOf(
  lines: AsyncIterable<string[]>,
  options: ImportOptions,
  onHeader: (layout: Layout) => void,
): AsyncGenerator<Batch> {
  const records = recordReader(options.delimiter);
  let read: ReturnType<typeof rowReader> | null = null;
  const take = (found: readonly (CsvRecord | BadRecord)[]): Batch => {
    const rows: Row[] = [];
    const bad: BadRow[] = [];
    for (const record of found) {
      if (read === null) {
        const layout = layoutOf(headerOf(record), options);
        onHeader(layout);
        read = rowReader(layout, options);
        continue;
      }
      const row = "reason" in record ? { ...record, example: null } : read(record);
      if ("reason" in row) bad.push(row);
      else rows.push(row);
    }
    return { rows, bad };
  };
  for await (const batch of lines) yield take(batch.flatMap(records.push));
  yield take(records.end());
  if (read === null) throw new UserError(`${options.file} is empty; its first line must name the columns`);
}

function headerOf(record: CsvRecord | BadRecord): readonly string[] {
  if ("reason" in record) throw new UserError(`The header cannot be read: ${record.reason}`);
  const [first = "", ...others] = record.cells;
  return [first.replace(/^\uFEFF/, ""), ...others];
}
