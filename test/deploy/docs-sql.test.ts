/** What docs/data.md, storage.md, access.md and metrics.md tell people to ask can be asked: every SQL block runs on a fresh database. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { useEmbedded } from "../support/databases.ts";
import { PROJECT } from "./supabase-cli.ts";

const open = useEmbedded();
const blocksOf = (page: string) =>
  [...readFileSync(join(PROJECT, "docs", page), "utf8").matchAll(/```sql\n([\s\S]*?)```/g)].map(
    (match) => match[1]!,
  );

it.each(["data.md", "storage.md", "access.md", "metrics.md"])("docs/%s", async (page) => {
  const blocks = blocksOf(page);
  expect(blocks.length).toBeGreaterThan(0);
  const { owner } = await open();
  for (const sql of blocks) {
    await owner
      .begin(async (transaction) => {
        await transaction.unsafe(sql);
        throw new Error("rolled back");
      })
      .catch((error: Error) => expect(`${sql}\n${error.message}`).toBe(`${sql}\nrolled back`));
  }
});
