/**
 * A known or detected happening that moves traffic: a launch, a holiday, a deploy. Forecasters take the list beside the
 * samples; the forecaster only leaves them out of what it learns, so that one launch does not become a habit.
 */
import type { Instant } from "../time.ts";

export type TrafficEvent = { readonly kind: string; readonly from: Instant; readonly until: Instant };

export function coveredByEvent(events: readonly TrafficEvent[], at: Instant): boolean {
  return events.some((event) => at >= event.from && at < event.until);
}
