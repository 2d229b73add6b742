/**
 * The chance that a request finds every server busy and has to wait: Erlang's C formula, for requests that come by chance
 * (Poisson), take exponential time, and queue. Offered load is in Erlang: requests a second times seconds of service, the
 * mean number in work.
 *
 * The trap is the textbook form, aⁿ/n!, which overflows at 171 servers. Summed from the newest term down, each term is the
 * one before times (n − k)/a: all positive, at most the first few dozen matter, and a million servers take no longer than a
 * few thousand terms.
 *
 * Source: A. K. Erlang, "Solution of some problems in the theory of probabilities of significance in automatic telephone
 * exchanges", Elektroteknikeren 13 (1917); the inverse of B as a sum: D. L. Jagerman, Bell System Technical Journal 53 (1974).
 */

/** Below this part of the sum a further term changes no digit that a double holds. */
const SMALLEST_PART = 1e-17;

/**
 * Erlang B: the share of requests lost where nobody may wait.
 * @param erlangs offered load, ≥ 0
 * @param servers whole number, ≥ 0
 */
export function lossProbability(erlangs: number, servers: number): number {
  if (!(erlangs > 0)) return servers > 0 ? 0 : 1;
  let term = 1;
  let inverse = 1;
  for (let k = 0; k < servers; k++) {
    term *= (servers - k) / erlangs;
    inverse += term;
    if (inverse === Number.POSITIVE_INFINITY) return 0;
    // Terms grow while servers − k > erlangs; only then do they shrink for good.
    if (servers - k <= erlangs && term < inverse * SMALLEST_PART) break;
  }
  return 1 / inverse;
}

/** Erlang C: the share of requests that wait at all; 1 where the servers cannot keep up. */
export function waitProbability(erlangs: number, servers: number): number {
  if (!(erlangs > 0)) return servers > 0 ? 0 : 1;
  if (servers <= erlangs) return 1;
  const loss = lossProbability(erlangs, servers);
  return loss / (1 - (erlangs / servers) * (1 - loss));
}

/**
 * The share of requests that wait longer than `waitSeconds`: C · e^(−(n − a)·t/s), since what waits is served in order and
 * the queue empties at the rate n/s.
 * @param serviceSeconds mean time that one request keeps a server busy, > 0
 */
export function lateShareOf(
  erlangs: number,
  servers: number,
  serviceSeconds: number,
  waitSeconds: number,
): number {
  if (servers <= erlangs) return erlangs > 0 || servers === 0 ? 1 : 0;
  return waitProbability(erlangs, servers) * Math.exp((-(servers - erlangs) * waitSeconds) / serviceSeconds);
}
