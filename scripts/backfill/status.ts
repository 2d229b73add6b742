/** How far each app's history is, as rows for people. */
import { formatInstant, type Instant } from "../../src/core/time.ts";
import { backfillShare } from "../../src/tick/backfill.ts";
import type { BackfillTools } from "./run.ts";

export type StatusRow = {
  readonly app: string;
  readonly history: string;
  readonly from: string | null;
  readonly until: string | null;
  readonly complete: string | null;
};

export async function statusRows(
  apps: readonly string[],
  { pulls, source, clock }: Pick<BackfillTools, "pulls" | "source" | "clock">,
  binMs: number,
): Promise<StatusRow[]> {
  const text = (at: Instant | null) => (at === null ? null : formatInstant(at));
  return Promise.all(
    apps.map(async (app) => {
      const progress = await pulls.recall(app);
      if (progress === null) return { app, history: "not begun", from: null, until: null, complete: null };
      const share = backfillShare(progress, source, binMs, clock.now());
      return {
        app,
        history: `${Math.floor(100 * share)} %`,
        from: text(progress.filledFrom),
        until: text(progress.liveUntil),
        complete: text(progress.finishedAt),
      };
    }),
  );
}
