/**
 * The policy of simple reactive scalers: look at the last minute, name what it needed, every few minutes, undamped.
 * It sees a rise only after it came and then waits for machines to boot: always late by a look and a boot.
 *
 * A look into a gap sees the last minute that was recorded, as a scaler that reads a last-known metric would.
 */
import { type Bounds, checkBounds, needOf } from "./need.ts";

export type ReactiveOptions = Bounds & {
  /** Whole minutes from one look to the next; the first is at minute 0. */
  readonly everyMinutes: number;
  /** Load it aims to put on a machine, against what one carries, in (0, 1]. Default 1. */
  readonly targetUse?: number | undefined;
};

/**
 * Desired count for every minute of `series` (requests a minute, NaN not recorded). At minute 0 nothing was seen yet:
 * it starts with what that minute needs, which is a kindness.
 */
export function reactive(series: Float64Array, options: ReactiveOptions): Int32Array {
  checkBounds(options);
  const { everyMinutes, targetUse = 1 } = options;
  if (!Number.isInteger(everyMinutes) || everyMinutes < 1 || !(targetUse > 0 && targetUse <= 1)) {
    throw new RangeError(
      `Cannot react every ${everyMinutes} minutes at a use of ${targetUse}: use a whole number from 1 and a share in (0, 1].`,
    );
  }
  const aimed = { ...options, requestsPerMachine: options.requestsPerMachine * targetUse };
  const desired = new Int32Array(series.length);
  let seen = Number.isNaN(series[0] ?? Number.NaN) ? 0 : series[0]!;
  let named = needOf(seen, aimed);
  for (let minute = 0; minute < series.length; minute++) {
    if (minute % everyMinutes === 0) named = needOf(seen, aimed);
    desired[minute] = named;
    if (!Number.isNaN(series[minute]!)) seen = series[minute]!;
  }
  return desired;
}
