// Says of a vitest JSON report what was not run and why, and ends with one line: "N passed, N failed, N skipped". Exits with 1
// when something failed, when nothing passed, or when there is no report: silence is no success.
const { existsSync, readFileSync } = require("node:fs");
const { relative } = require("node:path");

const path = process.argv[2];
const { testResults } = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : { testResults: [] };

const tests = testResults.flatMap(({ name, assertionResults }) =>
  assertionResults.map(({ status, ancestorTitles, title }) => {
    const titles = [...ancestorTitles, title];
    const why = titles.find((one) => one.includes("skipped:")) ?? titles.join(" > ");
    return { status, where: `${relative("", name)}: ${why}` };
  }),
);
const of = (wanted) => tests.filter(({ status }) => wanted.includes(status));
const skipped = of(["skipped", "pending", "todo", "disabled"]);

const reasons = new Map();
for (const { where } of skipped) reasons.set(where, (reasons.get(where) ?? 0) + 1);
for (const [where, count] of reasons) process.stdout.write(`not run (${count}): ${where}\n`);

// A file that does not load, or a hook that fails, has no failed test of its own.
const broken = testResults.filter(
  ({ status, assertionResults }) =>
    status === "failed" && assertionResults.every((one) => one.status !== "failed"),
);
for (const { name, message } of broken) process.stdout.write(`broken: ${relative("", name)}: ${message}\n`);

const passed = of(["passed"]).length;
const failed = of(["failed"]).length + broken.length;
const more = skipped.length > 0 ? `, ${skipped.length} skipped` : "";
if (passed === 0) process.stdout.write(`No test passed: is there a report in ${path}?\n`);
process.stdout.write(`${passed} passed, ${failed} failed${more}\n`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
