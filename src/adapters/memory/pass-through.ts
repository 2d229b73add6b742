/**
 * The guard that lets every call by. A breaker, a limiter and machine leases take its place without a change to the tick.
 */
import type { Guard } from "../../ports.ts";

export const passThrough: Guard = (_dependency, _subject, call) => call();
