/**
 * The breakers of one isolate in memory, each with a journal of what happened to it since it was last saved. Laid over what
 * somebody else saved, a journal gives what would have come of both, had they happened one after the other.
 */
import { type Breaker, type BreakerEvent, closedBreaker, reduce } from "../../core/breaker/breaker.ts";
import type { BreakerRules } from "../../core/breaker/rules.ts";
import { type BreakerStatus, changeOf, statusOf } from "../../core/breaker/status.ts";
import type { Clock, Log, StoredBreaker } from "../../ports.ts";

/** An isolate that cannot save keeps so many events of a breaker. */
const LONGEST_JOURNAL = 500;

type Held = { version: number; breaker: Breaker; journal: readonly BreakerEvent[] };

/** What is about to be saved, and how far its journal reached then. */
export type Draft = StoredBreaker & { readonly events: number };

export type Ledger = {
  breaker(name: string): Breaker;
  /** Tells the log where the mode changed. */
  apply(name: string, event: BreakerEvent): void;
  /** Takes what is stored as the new ground. What is older than what this isolate knows is left aside. */
  rebase(stored: StoredBreaker): void;
  drafts(): Draft[];
  saved(draft: Draft): void;
  statuses(): BreakerStatus[];
};

/** @param events whether they are kept for a save, or nobody is going to ask */
export function createLedger(
  clock: Pick<Clock, "now">,
  rules: BreakerRules,
  log: Log,
  events: "journal" | "forget",
): Ledger {
  const held = new Map<string, Held>();

  function heldAs(name: string): Held {
    const known = held.get(name);
    if (known !== undefined) return known;
    const fresh: Held = { version: 0, breaker: closedBreaker(clock.now()), journal: [] };
    held.set(name, fresh);
    return fresh;
  }

  return {
    breaker: (name) => heldAs(name).breaker,
    apply(name, event) {
      const one = heldAs(name);
      const after = reduce(one.breaker, event, rules);
      const change = changeOf(name, one.breaker, after);
      one.breaker = after;
      if (events === "journal") one.journal = [...one.journal, event].slice(-LONGEST_JOURNAL);
      if (change !== null) log("breaker", change);
    },
    rebase({ name, version, breaker }) {
      const one = heldAs(name);
      if (version < one.version) return;
      one.version = version;
      one.breaker = one.journal.reduce((before, event) => reduce(before, event, rules), breaker);
    },
    drafts: () =>
      [...held]
        .filter(([, { journal }]) => journal.length > 0)
        .map(([name, { version, breaker, journal }]) => {
          return { name, version: version + 1, breaker, events: journal.length };
        }),
    saved({ name, version, events }) {
      const one = heldAs(name);
      one.version = version;
      one.journal = one.journal.slice(events);
    },
    statuses: () => [...held].map(([name, { breaker }]) => statusOf(name, breaker, clock.now(), rules)),
  };
}
