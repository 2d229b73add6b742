/**
 * What went wrong with Redis, in words that may be logged. The trap: the client's own messages quote the whole command,
 * keys and tokens included, and some of Redis's do the same, so only the kind of failure is kept.
 */
export function describeRedisFailure(error: unknown): string {
  if (!(error instanceof Error)) return "unknown failure";
  if (error.name === "TimeoutError") return "no answer in time";
  const word = /^(?:Command failed: )?([A-Z]{3,}|Unauthorized)\b/.exec(error.message)?.[1];
  if (error.name === "HeldBackError") return "not asked (its breaker is open)";
  if (error.name === "UpstashError") return `refused by Redis (${word ?? "unknown"})`;
  const { code } = (error.cause ?? {}) as { code?: unknown };
  return typeof code === "string" ? `not reached (${code})` : `not reached (${error.name})`;
}
