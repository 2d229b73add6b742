/**
 * How long to wait before another try, and whether there may be one.
 *
 * Full jitter: anything between nothing and a bound that doubles. Callers that failed together then do not come back
 * together (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog 2015). The budget is the other half: when
 * everything fails, each call retried twice is three times the load on what is down already. So retries may be a share of
 * the calls, and a few more for those who call little.
 */
export type PauseRule = { readonly baseMs: number; readonly capMs: number };

/** @param attempt the one that failed, counted from 1; chance in [0, 1) */
export function jitteredPauseMs(attempt: number, chance: number, { baseMs, capMs }: PauseRule): number {
  return Math.floor(chance * Math.min(capMs, baseMs * 2 ** Math.min(attempt - 1, 40)));
}

export type Retries = { readonly calls: number; readonly retries: number };
export type RetryRule = { readonly share: number; readonly spare: number };

export const NO_RETRIES: Retries = { calls: 0, retries: 0 };

/** Allowed at first: `spare`; with each call `share` more. */
export function mayRetry({ calls, retries }: Retries, { share, spare }: RetryRule): boolean {
  return retries < spare + share * calls;
}
