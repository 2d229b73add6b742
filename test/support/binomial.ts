/**
 * The exact two-sided binomial test: how likely a result is that is no likelier than the one at hand (as R's binom.test has it).
 */

/** The p-value of `hits` successes in `count` trials where `share` is expected. */
export function binomialP(hits: number, count: number, share: number): number {
  const logOf = logChances(count, share);
  const observed = logOf[hits]!;
  const likelier = 1e-7;
  return Math.min(
    1,
    logOf.reduce((sum, log) => (log <= observed + likelier ? sum + Math.exp(log) : sum), 0),
  );
}

/** ln P(k successes) for each k from 0 to `count`. */
function logChances(count: number, share: number): number[] {
  let log = count * Math.log(1 - share);
  return Array.from({ length: count + 1 }, (_, k) => {
    if (k > 0) log += Math.log((count - k + 1) / k) + Math.log(share / (1 - share));
    return log;
  });
}
