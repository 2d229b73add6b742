// A folder that lives as long as the work in it: removed by remove(), or by the watchdog when this process ends in any
// other way (return, error, signal, SIGKILL). As root the folder can be passed through by other users (711), because
// Postgres runs as one of them; it cannot be listed, and files with secrets in it need mode 600.
import { chmodSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { guardFolder } from "./watchdog.ts";

export interface TempFolder {
  readonly path: string;
  /** Removes the folder and what is in it; a second call does nothing. */
  remove(): void;
}

/** Makes an empty folder in `parent` (default: the system's temp folder). */
export function makeTempFolder(parent: string = tmpdir()): TempFolder {
  const path = mkdtempSync(join(realpathSync(parent), "flyahead-"));
  const release = guardFolder(path);
  if (process.getuid?.() === 0) chmodSync(path, 0o711);
  return {
    path,
    remove() {
      rmSync(path, { recursive: true, force: true, maxRetries: 3 });
      release();
    },
  };
}
