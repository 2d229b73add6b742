/** The answer and the rows, for a person. */
import { poolName } from "../../src/core/fleet.ts";
import { textTable } from "../../src/local/text-table.ts";
import type { AnsweredAction, AnsweredApp, TickAnswer } from "./answer.ts";
import type { AppRows } from "./rows.ts";

export function answerText({ slot, mode, apps }: TickAnswer): string {
  const pools = apps.flatMap((app) => (app.status === "done" ? app.pools : []));
  const table = textTable(
    ["pool", "mode", "from → to", "decision", "confidence"],
    pools.map(({ pool, mode: own, from, to, kind, confidence }) => [
      ...[poolName(pool), own, `${from} → ${to}`, kind],
      confidence === null ? null : confidence.toFixed(2),
    ]),
  );
  const reasons = pools.map(({ pool, mode: own, reason, actions }) =>
    [`${poolName(pool)}: ${reason}`, ...actions.map((action) => `    ${actionText(action, own)}`)].join("\n"),
  );
  const parts = [`Slot ${slot}, mode ${mode}`, ...apps.map(appText), pools.length > 0 ? `\n${table}\n` : ""];
  return [...parts, ...reasons].filter((part) => part !== "").join("\n");
}

/** How one app's tick went; empty where its pools say it. */
export function appText(app: AnsweredApp): string {
  switch (app.status) {
    case "done":
      return app.pools.length > 0 ? "" : `${app.app}: done, but it has no pools: Fly lists no machines of it`;
    case "busy":
      return `${app.app}: busy, another tick is at work; ask again in ${Math.ceil(app.retryAfterMs / 1_000)} s`;
    case "closed":
      return `${app.app}: nothing done, this slot was closed by an earlier call`;
    case "unreached":
      return `${app.app}: not reached before the tick's deadline; it must be called again`;
    case "failed":
      return `${app.app}: failed: ${app.error}`;
  }
}

function actionText(action: AnsweredAction, mode: string): string {
  const what =
    action.kind === "create"
      ? `create ${action.machineName} as a copy of ${action.templateId}`
      : `${action.kind} ${action.machineId}`;
  if (action.outcome === null)
    return mode === "act" ? `${what}: no outcome` : `${what}: not done, the mode is ${mode}`;
  const { status, evidence } = action.outcome;
  const words = {
    done: "done",
    alreadyDone: "already so",
    refused: "refused",
    failed: "failed",
    unknown: "not known, the next tick looks again",
  }[status];
  return `${what}: ${words} (${evidence})`;
}

export function rowsText(app: string, { tick, history }: AppRows): string {
  const rows = textTable(
    ["id", "pool", "mode", "kind", "from", "to", "need now/covered, worth", "rules", "record"],
    history.map((row) => [
      ...[row.id, poolName({ app, ...row }), row.mode, row.kind, row.from, row.to],
      [row.needNow, row.needCovered, row.worth].map((need) => need ?? "∅").join(" / "),
      ...[row.constraints.join(", "), row.record.kind],
    ]),
  );
  const intents = history.flatMap((row) => row.intents.map((intent) => ({ row, intent })));
  const table = textTable(
    ["history", "ordinal", "kind", "machine", "status", "evidence"],
    intents.map(({ row, intent }) => [
      ...[row.id, intent.ordinal, intent.kind, intent.machineId ?? intent.machineName],
      ...[intent.status, intent.evidence],
    ]),
  );
  const closed = tick === null ? "there is no such tick" : tick.isClosed ? "closed" : "not closed";
  return [
    `autoscaling_history of ${app} (tick ${tick?.id ?? "∅"}, ${closed}):`,
    rows,
    intents.length > 0 ? `\nscaling_intents:\n${table}` : "scaling_intents: none",
  ].join("\n");
}
