/**
 * Calls a URL after each tick that closed. Whoever watches it (healthchecks.io and its like) notices silence, and with it
 * everything that could keep flyahead from telling of its own death.
 */
import { messageOf } from "../../errors.ts";
import type { Log, Notifier } from "../../ports.ts";

const TIMEOUT_MS = 3_000;

export function createHeartbeat(url: string | null, send: typeof fetch, log: Log): Notifier {
  return {
    async heartbeat() {
      if (url === null) return;
      try {
        const answer = await send(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: "manual" });
        await answer.body?.cancel();
        if (!answer.ok) log("heartbeat", { error: `the heartbeat URL answered ${answer.status}` });
      } catch (error) {
        log("heartbeat", { error: messageOf(error) });
      }
    },
  };
}
