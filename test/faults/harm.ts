/**
 * What may happen to one call on its way through a door: a proxy before Fly, Redis, Postgres or the heartbeat's URL, through
 * which the function under test must go. The function has no hooks for this; it only has the door's address.
 *
 *   pass   goes by; somebody wants to know of it (a clock that jumps at this moment)
 *   drop   never arrives, and no answer comes: the caller waits until its patience ends
 *   cut    arrives and is done, then the connection is cut before the answer
 *   late   arrives half a minute late: over HTTP the caller has given up by then, and the call is done all the same
 *
 * A harm strikes the first call that it fits, once.
 */
export type How = "pass" | "drop" | "cut" | "late";
export type Harm = {
  /** Fits "METHOD /path body" of HTTP, the text of a statement to Postgres. */
  readonly call: RegExp;
  readonly how: How;
  /** Called when it strikes; of a `cut` when the call is done. */
  readonly struck?: () => void;
};

export const LATE_MS = 30_000;

/** The simulator's clock, as far as doors move it. */
export type VirtualTime = { now(): number; sleep(ms: number): void; advanceTo(instant: number): void };

export type Door = {
  readonly url: string;
  arm(harm: Harm): void;
  /** Disarms; tells whether the harm struck. What is late is delivered, whoever waits for it. */
  settle(): Promise<boolean>;
  close(): Promise<void>;
};

/** At most one harm at a time. */
export function createAmbush() {
  let harm: Harm | null = null;
  let hasStruck = false;
  return {
    arm(next: Harm) {
      harm = next;
      hasStruck = false;
    },
    /** The harm that strikes this call, or null. */
    spring(call: string): Harm | null {
      if (harm === null || !harm.call.test(call)) return null;
      const found = harm;
      harm = null;
      hasStruck = true;
      return found;
    },
    disarm(): boolean {
      harm = null;
      return hasStruck;
    },
  };
}
