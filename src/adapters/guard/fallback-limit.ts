/**
 * The shared limiter, and while it does not answer, one of this process. An app's lease lets only one tick write for it, so the
 * process can count alone; it begins with empty buckets, for what others took a moment ago is not known. So an outage of
 * Redis makes writes to Fly slower, never too fast, and does not keep an app from growing.
 */
import type { CallLimit } from "../../ports.ts";

export function createFallbackLimit(shared: CallLimit, own: CallLimit): CallLimit {
  return {
    async take(key, rule) {
      const answer = await shared.take(key, rule);
      return answer === "unavailable" ? own.take(key, rule) : answer;
    },
  };
}
