/**
 * What Fly allows, and what we allow ourselves. Fly counts each action by itself: by machine where the call names one, else by
 * app. So starts of sixty machines share nothing, while creates of one app share everything, whatever their region.
 *
 * The trap is to use a limit up to the last token: calls that leave a second apart arrive closer together when the first was
 * slow on its way. One token less in the burst pardons a second of that. More exact: where delays differ by d seconds at
 * most, calls within burst − d × rate never meet a limit of that burst and rate.
 *
 * Source: Fly, "Working with the Machines API", rate limits (2026-07).
 */
import type { BucketRule } from "./limiter.ts";

/** Each action but a read of one machine. */
export const FLY_ACTIONS: BucketRule = { perSecond: 1, burst: 3 };
/** Reads of one machine. */
export const FLY_GETS: BucketRule = { perSecond: 5, burst: 10 };

export const OUR_ACTIONS: BucketRule = { ...FLY_ACTIONS, burst: FLY_ACTIONS.burst - 1 };
export const OUR_GETS: BucketRule = { ...FLY_GETS, burst: FLY_GETS.burst - FLY_GETS.perSecond };
