/**
 * The breakers of one isolate. Within a tick, between load and save, they are those that all isolates share: everything is
 * decided from memory, and only the permit for a probe is asked of the store, since probes are counted over all isolates.
 * Outside of a tick an isolate asks nobody, and goes by breakers that are its own.
 *
 * The trap is a store that is away. What is known from memory needs none. But a probe that nobody counted may be one too
 * many, so without the store of permits there is none: it is also what a tick writes its intents to, and cannot move without.
 */
import { admit, type Verdict } from "../../core/breaker/breaker.ts";
import { type BreakerRules, DEFAULT_RULES } from "../../core/breaker/rules.ts";
import { type BreakerStatus, describeBreaker, statusOf } from "../../core/breaker/status.ts";
import { SECOND_MS } from "../../core/time.ts";
import { HeldBackError, messageOf } from "../../errors.ts";
import type { BreakerStore, Clock, Log } from "../../ports.ts";
import { createLedger, type Ledger } from "./ledger.ts";

/** Probes are out, or cannot be counted: in a moment that is over, or it lasts. */
const PROBES_OUT_MS = SECOND_MS;
const SAVE_TRIES = 4;

/** A call that may go out. */
export type Pass = {
  /** The opening that it is a probe of; null: it is none. */
  readonly opening: number | null;
  /** How it ended; told once. */
  settle(verdict: Verdict, durationMs: number): void;
};

export type Breakers = {
  /** Never throws; without the store this isolate goes by what it knows. */
  load(): Promise<void>;
  /** Ends what load began. Never throws; what could not be saved is saved the next time. */
  save(): Promise<void>;
  /** @throws HeldBackError where the breaker would let no call by. Takes no permit. */
  check(name: string): void;
  /** @throws HeldBackError where the call may not go out */
  enter(name: string): Promise<Pass>;
  /** As this isolate has them; of each name the shared one before its own. */
  statuses(): BreakerStatus[];
  /** As the store has them, for who only looks; where it is away, as this isolate has them. */
  stored(): Promise<BreakerStatus[]>;
};

export function createBreakers(options: {
  readonly store: BreakerStore;
  /** What who only looks is shown, where that costs less to ask; default: the store. */
  readonly copy?: Pick<BreakerStore, "load">;
  readonly clock: Pick<Clock, "now">;
  readonly chance: () => number;
  readonly rules?: BreakerRules;
  readonly log: Log;
}): Breakers {
  const { store, copy = store, clock, chance, rules = DEFAULT_RULES, log } = options;
  const shared: Side = { ledger: createLedger(clock, rules, log, "journal"), permit: sharedPermit };
  const own: Side = { ledger: createLedger(clock, rules, log, "forget"), permit: ownPermit };
  /** By breaker: the probes of its latest opening, of this isolate's own. */
  const ownProbes = new Map<string, { opening: number; taken: number }>();
  /** Ticks that loaded and have not saved yet. */
  let open = 0;
  const side = () => (open > 0 ? shared : own);

  function refused({ ledger }: Side, name: string, retryAfterMs: number | null): HeldBackError {
    ledger.apply(name, { type: "refusal", at: clock.now() });
    return new HeldBackError(name, describeBreaker(name, ledger.breaker(name)), retryAfterMs);
  }

  function check(at: Side, name: string): "pass" | "probe" {
    const now = clock.now();
    const admission = admit(at.ledger.breaker(name), now);
    if (typeof admission !== "object") return admission;
    throw refused(at, name, admission.retryAt === null ? null : admission.retryAt - now);
  }

  async function sharedPermit(name: string, opening: number): Promise<boolean> {
    try {
      return await store.takeProbe(name, opening, rules.probes, rules.probeTtlMs);
    } catch (error) {
      log("no probe without the store", { breaker: name, error: messageOf(error) });
      return false;
    }
  }

  async function ownPermit(name: string, opening: number): Promise<boolean> {
    const known = ownProbes.get(name);
    const taken = known?.opening === opening ? known.taken : 0;
    ownProbes.set(name, { opening, taken: taken + 1 });
    return taken < rules.probes;
  }

  async function saveChanged(): Promise<void> {
    for (let attempt = 1; attempt <= SAVE_TRIES; attempt++) {
      const drafts = shared.ledger.drafts();
      if (drafts.length === 0) return;
      const newer = await store.save(drafts.map(({ events: _, ...stored }) => stored));
      const lost = new Set(newer.map(({ name }) => name));
      for (const draft of drafts) if (!lost.has(draft.name)) shared.ledger.saved(draft);
      for (const stored of newer) shared.ledger.rebase(stored);
      if (lost.size === 0) return;
    }
    log("breakers not saved", { error: "others saved each time" });
  }

  function statuses(): BreakerStatus[] {
    const both = [...own.ledger.statuses(), ...shared.ledger.statuses()];
    return [...new Map(both.map((one) => [one.name, one])).values()].sort(byName);
  }

  return {
    async load() {
      open += 1;
      try {
        const { breakers, orders } = await store.load();
        for (const stored of breakers) shared.ledger.rebase(stored);
        for (const { name, id, order } of orders) {
          if (id <= shared.ledger.breaker(name).orderId) continue;
          shared.ledger.apply(name, { type: "order", at: clock.now(), id, order });
        }
      } catch (error) {
        log("breakers not loaded", { error: messageOf(error) });
      }
    },
    async save() {
      try {
        await saveChanged();
      } catch (error) {
        log("breakers not saved", { error: messageOf(error) });
      } finally {
        open -= 1;
      }
    },
    check: (name) => void check(side(), name),
    async enter(name) {
      const at = side();
      const opening = check(at, name) === "pass" ? null : at.ledger.breaker(name).openings;
      if (opening !== null) {
        if (!(await at.permit(name, opening))) throw refused(at, name, PROBES_OUT_MS);
        at.ledger.apply(name, { type: "probe", at: clock.now(), opening });
      }
      return {
        opening,
        settle(verdict, durationMs) {
          const told = { type: "result", at: clock.now(), durationMs, opening, chance: chance() } as const;
          at.ledger.apply(name, { ...told, ...verdict });
        },
      };
    },
    statuses,
    async stored() {
      try {
        const { breakers } = await copy.load();
        return breakers.map(({ name, breaker }) => statusOf(name, breaker, clock.now(), rules)).sort(byName);
      } catch (error) {
        log("breakers not loaded", { error: messageOf(error) });
        return statuses();
      }
    },
  };
}

/** Breakers, and who counts their probes. */
type Side = {
  readonly ledger: Ledger;
  readonly permit: (name: string, opening: number) => Promise<boolean>;
};

function byName(a: BreakerStatus, b: BreakerStatus): number {
  return a.name < b.name ? -1 : 1;
}
