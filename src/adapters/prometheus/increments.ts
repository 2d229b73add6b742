/**
 * What a counter grew by in each bin, from its readings at the bins' edges.
 *
 * Why not increase(): Prometheus extrapolates it from the samples inside the window to the window's edges, so that with
 * four scrapes a minute a third of every answer is a guess and whole requests become fractions; VictoriaMetrics does
 * not, so the same query means two things. So the raw counter is read (`last_over_time`, never further back than one
 * bin) and subtracted here. The sum of all bins is then exactly what was counted. The price: a reading is as old as the
 * last scrape, so a bin begins and ends up to one scrape interval early.
 *
 *   readings   10   14   ·    ·    26    3     a counter that was not read twice, then began anew
 *   bins          4    4    4    4     3
 *
 * The trap is the first reading of all. Where the machine was reported before, its counter is new (a first error, the
 * proxy's other half after a restart, another host) and began at zero. Where the machine itself is new it may be a
 * lifetime's total, and is only where counting begins.
 */

/** Up to so many bins without a reading are taken for missed scrapes: what was counted meanwhile is spread over them. */
export const LONGEST_HOLE_BINS = 5;

/**
 * @param readings one at each edge, NaN where there was none
 * @param isReported whether the machine was reported at an edge, by whatever metric
 * @returns one number for each bin between two edges; NaN where the counter says nothing
 */
export function increments(readings: Float64Array, isReported: (edge: number) => boolean): Float64Array {
  const bins = new Float64Array(Math.max(0, readings.length - 1)).fill(Number.NaN);
  let last = -1;
  readings.forEach((value, edge) => {
    if (Number.isNaN(value)) return;
    const before = last === -1 ? null : readings[last]!;
    const hole = edge - last;
    if (before !== null && hole <= LONGEST_HOLE_BINS) {
      const grown = value >= before ? value - before : value;
      bins.fill(grown / hole, last, edge);
    } else if (edge > 0 && isReported(edge - 1) && (before === null || value < before)) {
      bins[edge - 1] = value;
    }
    last = edge;
  });
  return bins;
}

/** Presence with its short holes closed: [1,0,0,1] is a machine whose scrapes were missed, not one that was stopped. */
export function closeHoles(reported: Uint8Array): Uint8Array {
  const closed = reported.slice();
  let last = -1;
  reported.forEach((is, edge) => {
    if (is === 0) return;
    if (last !== -1 && edge - last <= LONGEST_HOLE_BINS) closed.fill(1, last, edge);
    last = edge;
  });
  return closed;
}
