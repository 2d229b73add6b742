/**
 * Seeded chance. One seed gives one sequence, on every machine, so a simulated bad day can be played again.
 *
 * `fork(label)` derives a child from the seed and the label alone, never from how far the parent was drawn: one
 * more draw in one part does not move another part. The trap is to share one stream between parts; then a fault
 * that is switched on also changes every boot time after it.
 *
 * Source: sfc32 by Chris Doty-Humphrey (PractRand), seeded through xmur3 by bryc; both public domain.
 */

/** A stream of seeded chance. `next` is in [0, 1); see {@link createRandom}. */
export type Random = {
  next(): number;
  /** Uniform in [lo, hi). */
  between(lo: number, hi: number): number;
  /** Whole number, lo and hi included. */
  int(lo: number, hi: number): number;
  /** Standard normal: mean 0, deviation 1 (Marsaglia's polar method). */
  normal(): number;
  /** Log-normal given the median and the deviation of its logarithm; `sigma` 0 always gives the median. */
  logNormal(median: number, sigma: number): number;
  /** Poisson count with this mean. */
  poisson(mean: number): number;
  /** One item; throws RangeError on an empty list. */
  pick<T>(items: readonly T[]): T;
  /** An independent stream named by `label`; the same label always gives the same stream. */
  fork(label: string): Random;
};

/** Starts a stream. The same seed gives the same sequence; `1` and `"1"` are the same seed. */
export function createRandom(seed: number | string): Random {
  const next = sfc32(`${seed}`);
  const between = (lo: number, hi: number) => lo + next() * (hi - lo);
  const int = (lo: number, hi: number) => lo + Math.floor(next() * (hi - lo + 1));
  const normal = () => polarNormal(next);
  return {
    next,
    between,
    int,
    normal,
    logNormal: (median, sigma) => median * Math.exp(sigma * normal()),
    poisson: (mean) => poisson(mean, next, normal),
    pick: (items) => {
      if (items.length === 0) throw new RangeError("pick: the list is empty, so there is nothing to choose");
      return items[int(0, items.length - 1)] as (typeof items)[number];
    },
    fork: (label) => createRandom(`${seed}/${label}`),
  };
}

function sfc32(text: string): () => number {
  const hash = xmur3(text);
  let [a, b, c, d] = [hash(), hash(), hash(), hash()];
  const next = () => {
    const sum = (a + b + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return (sum >>> 0) / 4294967296;
  };
  for (let i = 0; i < 12; i++) next();
  return next;
}

function xmur3(text: string): () => number {
  let h = 1779033703 ^ text.length;
  for (let i = 0; i < text.length; i++) {
    h = Math.imul(h ^ text.charCodeAt(i), 3432918353);
    h = (h << 13) | (h >>> 19);
  }
  return () => {
    h = Math.imul(h ^ (h >>> 16), 2246822507);
    h = Math.imul(h ^ (h >>> 13), 3266489909);
    h ^= h >>> 16;
    return h | 0;
  };
}

/** Draws no spare: keeping the second value of the pair would make the stream depend on who asked before. */
function polarNormal(next: () => number): number {
  for (;;) {
    const u = next() * 2 - 1;
    const v = next() * 2 - 1;
    const s = u * u + v * v;
    if (s > 0 && s < 1) return u * Math.sqrt((-2 * Math.log(s)) / s);
  }
}

/** Knuth's product below a mean of 30; above it the normal approximation, whose error is under a count. */
function poisson(mean: number, next: () => number, normal: () => number): number {
  if (!(mean > 0)) return 0;
  if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()));
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = next(); product > limit; product *= next()) count++;
  return count;
}
