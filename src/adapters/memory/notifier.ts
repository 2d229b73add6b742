/**
 * A notifier that counts: whether a tick told the outside that it closed.
 */
import type { Notifier } from "../../ports.ts";

/** `heartbeats()` tells how many were sent. */
export function createMemoryNotifier(): Notifier & { heartbeats(): number } {
  let heartbeats = 0;
  return {
    heartbeat: async () => {
      heartbeats += 1;
    },
    heartbeats: () => heartbeats,
  };
}
