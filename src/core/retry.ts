/**
 * How long to wait before another try, and whether there may be one.
 *
 * Full jitter: anything between nothing and a bound that doubles. Callers that failed together then do not come back
 * together (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog 2015). The budget is the other half: when
 * everything fails, each call tried three times is three times the load on what is down already. So a call earns a share
 * of a retry, and what was earned in good times is kept only up to `most`: it must not pay for a storm.
 */
export type PauseRule = { readonly baseMs: number; readonly capMs: number };

/** @param attempt the one that failed, counted from 1; chance in [0, 1) */
export function jitteredPauseMs(attempt: number, chance: number, { baseMs, capMs }: PauseRule): number {
  return Math.floor(chance * Math.min(capMs, baseMs * 2 ** Math.min(attempt - 1, 40)));
}

export type BudgetRule = { readonly share: number; readonly most: number };

export type RetryBudget = {
  /** A call begins. */
  called(): void;
  /** Whether a retry may be made; takes from the budget what it allows. */
  mayRetry(): boolean;
};

/** Begins full. */
export function openRetryBudget({ share, most }: BudgetRule): RetryBudget {
  let retries = most;
  return {
    called: () => {
      retries = Math.min(most, retries + share);
    },
    mayRetry: () => {
      if (retries < 1) return false;
      retries -= 1;
      return true;
    },
  };
}
