/**
 * When a pool was last measured, as far as its forecaster remembers: a week. It is asked where samples cannot be read, or are
 * too old to be read at all, so that trust in the forecast can end.
 */

import type { Instant } from "../time.ts";
import { rootAt } from "./memory.ts";
import type { ForecastState } from "./state.ts";

/** End of the newest bin that was measured; a week ago where it was longer; null where none ever was. */
export function measuredLast({ memory, profile, binMs }: ForecastState): Instant | null {
  if (profile.overallCount === 0) return null;
  const oldest = Math.max(memory.first, memory.last - memory.roots.length + 1);
  for (let bin = memory.last; bin > oldest; bin--) {
    if (!Number.isNaN(rootAt(memory, bin))) return (bin + 1) * binMs;
  }
  return (oldest + 1) * binMs;
}
