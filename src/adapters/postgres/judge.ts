/**
 * What a failed query says of Postgres. A SQLSTATE is an answer: a fence that was refused, a broken rule. Some of them say
 * that the server is unwell (08 connection, 53 resources, 57P shutting down, XX broken) or that our password is wrong (28).
 * Everything without one is a connection that was not made, or was lost.
 */
import type { Verdict } from "../../core/breaker/breaker.ts";
import { isStaleFenceError } from "../../errors.ts";

const UNWELL = /^(08|53|57P|58|XX)/;
const DENIED = /^28/;
const SQLSTATE = /^[0-9A-Z]{5}$/;

export function judgePostgres(error: unknown): Verdict {
  return { result: resultOf(error), retryAfterMs: null };
}

function resultOf(error: unknown): Verdict["result"] {
  if (isStaleFenceError(error)) return "ignored";
  const { name, code } = (error ?? {}) as { name?: unknown; code?: unknown };
  if (name !== "PostgresError" || typeof code !== "string" || !SQLSTATE.test(code)) return "failure";
  if (DENIED.test(code)) return "denied";
  return UNWELL.test(code) ? "failure" : "ignored";
}
