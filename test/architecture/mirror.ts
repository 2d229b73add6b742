// test/core/ mirrors src/core/, and so for tick and adapters: who opens a folder finds its tests under the same name. A port's
// contract suite in test/contracts/ counts for every adapter that it runs on.
import { dirname } from "node:path/posix";
import { isRelative, resolveFrom } from "./rooms.ts";
import { type Fault, importsOf, type Tree } from "./scan.ts";

const SOURCE = /^src\/((?:core|tick|adapters)(?:\/.*)?)\/[^/]+\.ts$/;
const TEST = /^test\/((?:core|tick|adapters)(?:\/.*)?)\/[^/]+\.test\.ts$/;
const VALUE = /^export (?:async )?(?:function|const|class) /m;

/** The folders, by their mirrored name such as "core/forecast", of the files that match, each with one file to show. */
function foldersOf(tree: Tree, pattern: RegExp, which: (source: string) => boolean): Map<string, string> {
  const matching = [...tree].filter(([file, source]) => pattern.test(file) && which(source));
  return new Map(matching.map(([file]) => [pattern.exec(file)![1]!, file]));
}

/** Folders of src/core, src/tick and src/adapters that hold values and that no test of theirs imports. */
function untested(tree: Tree): Fault[] {
  const tested = new Set<string>();
  for (const [file, source] of tree) {
    const folder = dirname(file).replace(/^test\//, "");
    for (const { specifier } of importsOf(source)) {
      if (!file.startsWith("test/") || specifier === null || !isRelative(specifier)) continue;
      const target = dirname(resolveFrom(file, specifier)).replace(/^src\//, "");
      if (target === folder || /^contracts(\/|$)/.test(folder)) tested.add(target);
    }
  }
  return [...foldersOf(tree, SOURCE, (source) => VALUE.test(source))]
    .filter(([folder]) => !tested.has(folder))
    .map(([folder, file]) => ({
      file,
      line: 1,
      why: `no test in test/${folder}/ or test/contracts/ imports src/${folder}/`,
    }));
}

/** Tests whose folder mirrors none of src. */
function homeless(tree: Tree): Fault[] {
  const sources = foldersOf(tree, SOURCE, () => true);
  return [...foldersOf(tree, TEST, () => true)]
    .filter(([folder]) => !sources.has(folder))
    .map(([folder, file]) => ({ file, line: 1, why: `mirrors nothing: there is no folder src/${folder}/` }));
}

export const mirrorFaults = (tree: Tree): Fault[] => [...homeless(tree), ...untested(tree)];
