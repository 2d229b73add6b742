/**
 * Whether what was answered, what was written down, and what the pure half decides when it is asked again are one and
 * the same. Each difference is a sentence that names the pool, the field and both values.
 *
 * Numbers kept as float4 are compared as such. Outcomes are only there where the pool's mode is act; in the others nothing
 * may have been intended.
 */
import { isDeepStrictEqual } from "node:util";
import { poolName } from "../../src/core/fleet.ts";
import { type FullRecord, redecide } from "../../src/core/tick-record.ts";
import type { AnsweredAction, AnsweredApp, AnsweredPool } from "./answer.ts";
import type { AppRows, HistoryRow, IntentRow } from "./rows.ts";

type Done = Extract<AnsweredApp, { status: "done" }>;
/** Field by field, what one side says. */
type Facts = Readonly<Record<string, unknown>>;

/** No sentence: all agree. */
export function compareApp(app: Done, slot: string, { tick, history }: AppRows): string[] {
  const where = `${app.app} at ${slot}, attempt ${app.attempt}`;
  if (tick === null) return [`${where}: the call answered "done", but there is no row in ticks`];
  const open = tick.isClosed
    ? []
    : [`${where}: the call answered "done", but its row in ticks is not closed`];
  const names = new Set(app.pools.map(({ pool }) => poolName(pool)));
  const nameOf = (row: HistoryRow) => poolName({ app: app.app, ...row });
  const strange = history
    .filter((row) => !names.has(nameOf(row)))
    .map((row) => `${nameOf(row)}: autoscaling_history has row ${row.id}, but the answer has no such pool`);
  const pools = app.pools.flatMap((pool) => {
    const name = poolName(pool.pool);
    const rows = history.filter((row) => nameOf(row) === name);
    const [row] = rows;
    if (row === undefined || rows.length > 1)
      return [`${name}: autoscaling_history has ${rows.length} rows for ${where}; it must have one`];
    return comparePool(pool, row, tick.id).map((what) => `${name}: ${what}`);
  });
  return [...open, ...strange, ...pools];
}

function comparePool(pool: AnsweredPool, row: HistoryRow, tickId: number): string[] {
  const { mode, kind, from, to, reason, confidence } = pool;
  const answered = { mode, kind, from, to, reason, confidence: asFloat4(confidence), tick: tickId };
  const written = { ...pick(row, answered), confidence: asFloat4(row.confidence), tick: row.tickId };
  return [
    ...differences(answered, written, "the answer", `history row ${row.id}`),
    ...compareActions(pool, row.intents),
    ...compareAgain(pool, row),
  ];
}

function compareActions({ mode, actions }: AnsweredPool, intents: readonly IntentRow[]): string[] {
  const expected = mode === "act" ? actions : [];
  const count =
    expected.length === intents.length
      ? []
      : [`actions: the answer has ${expected.length} to be done, scaling_intents has ${intents.length}`];
  const each = expected.flatMap((action, ordinal) => {
    const intent = intents.find((candidate) => candidate.ordinal === ordinal);
    if (intent === undefined) return [`action ${ordinal} (${action.kind}): scaling_intents has no row`];
    const facts = intentFacts(action, ordinal);
    const one = `action ${ordinal} (${action.kind})`;
    return differences(facts, pick(intent, facts), "the answer", "scaling_intents").map(
      (what) => `${one}, ${what}`,
    );
  });
  return [...count, ...each];
}

/** The row that this answer should have left. An unknown outcome leaves its intent open for the next tick. */
function intentFacts(action: AnsweredAction, ordinal: number): Facts {
  const { kind, outcome } = action;
  const create = kind === "create";
  return {
    ordinal,
    kind,
    machineId: outcome?.machineId ?? (create ? null : action.machineId),
    machineName: create ? action.machineName : null,
    templateId: create ? action.templateId : null,
    status: outcome?.status ?? null,
    evidence: outcome?.evidence ?? null,
    isClosed: outcome !== null && outcome.status !== "unknown",
  };
}

/** A short record is for a pool that held with no rule in the way; a cut one was too large to keep. */
function compareAgain(pool: AnsweredPool, row: HistoryRow): string[] {
  const { record } = row;
  if (record.kind === "short" && (pool.kind !== "hold" || row.constraints.length > 0))
    return [
      `record: it is short, but the decision was to ${pool.kind} under ${row.constraints.length} rules`,
    ];
  return record.kind === "full" ? decideAgain(pool, row, record) : [];
}

function decideAgain(pool: AnsweredPool, row: HistoryRow, record: FullRecord): string[] {
  const planned = pool.actions.map(({ outcome: _outcome, ...action }) => action);
  try {
    const { decision, actions } = redecide(pool.pool, record);
    const constraints = decision.constraints.map(({ name }) => name);
    const again = { ...withFloat4(decision), constraints, actions };
    const written = { ...withFloat4({ ...row, ...pick(row, again) }), actions: planned };
    return [
      ...differences(again, written, "decided again from the record", `history row ${row.id}`),
      ...(record.actions === undefined
        ? []
        : differences({ actions: record.actions }, { actions: planned }, "the record", "the answer")),
    ];
  } catch (error) {
    return [`record: it cannot be decided again: ${(error as Error).message}`];
  }
}

function differences(left: Facts, right: Facts, leftName: string, rightName: string): string[] {
  return Object.keys(left)
    .filter((field) => !isDeepStrictEqual(left[field], right[field]))
    .map(
      (field) => `${field}: ${leftName} says ${show(left[field])}, ${rightName} says ${show(right[field])}`,
    );
}

function pick(from: object, like: Facts): Facts {
  return Object.fromEntries(Object.keys(like).map((field) => [field, (from as Facts)[field]]));
}

/** The table keeps these as float4. */
function withFloat4<T extends { quantile: number; extraMachineHours: number }>(facts: T): T {
  return {
    ...facts,
    quantile: Math.fround(facts.quantile),
    extraMachineHours: Math.fround(facts.extraMachineHours),
  };
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? "nothing";
}

function asFloat4(value: number | null): number | null {
  return value === null ? null : Math.fround(value);
}
