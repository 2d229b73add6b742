/**
 * The breakers of one isolate, between a load and a save. In between everything is decided from memory; only the permit for a
 * probe is asked of the store, since probes are counted over all isolates.
 *
 * The trap is a store that is away: nothing may depend on it. Then this isolate goes by what it has seen itself. So does one
 * that never loads: its breakers are its own.
 */
import { admit, type Verdict } from "../../core/breaker/breaker.ts";
import { type BreakerRules, DEFAULT_RULES } from "../../core/breaker/rules.ts";
import { type BreakerStatus, describeBreaker, statusOf } from "../../core/breaker/status.ts";
import { SECOND_MS } from "../../core/time.ts";
import { HeldBackError, messageOf } from "../../errors.ts";
import type { BreakerStore, Clock, Log } from "../../ports.ts";
import { createLedger } from "./ledger.ts";

/** Probes are out: their result is there in a moment, or never. */
const PROBES_OUT_MS = SECOND_MS;
const SAVE_TRIES = 4;

export type Breakers = {
  /** Never throws; without the store this isolate goes by what it knows. */
  load(): Promise<void>;
  /** Ends what load began. Never throws; what could not be saved is saved the next time. */
  save(): Promise<void>;
  /** @throws HeldBackError where the breaker would let no call by. Takes no permit. */
  check(name: string): void;
  /** The opening that the call is a probe of, or null. @throws HeldBackError where it may not go out */
  enter(name: string): Promise<number | null>;
  settle(name: string, opening: number | null, verdict: Verdict, durationMs: number): void;
  /** As this isolate has them. */
  statuses(): BreakerStatus[];
  /** As the store has them, for who only looks; where it is away, as this isolate has them. */
  stored(): Promise<BreakerStatus[]>;
};

export function createBreakers(options: {
  readonly store: BreakerStore;
  readonly clock: Pick<Clock, "now">;
  readonly chance: () => number;
  readonly rules?: BreakerRules;
  readonly log: Log;
}): Breakers {
  const { store, clock, chance, rules = DEFAULT_RULES, log } = options;
  const ledger = createLedger(clock, rules, log);
  /** By breaker: probes that this isolate gave out by itself. */
  const ownProbes = new Map<string, { opening: number; taken: number }>();
  /** Ticks that loaded and have not saved yet. Without one, probes and events stay in this isolate. */
  let open = 0;

  function refused(name: string, retryAfterMs: number | null): HeldBackError {
    ledger.apply(name, { type: "refusal", at: clock.now() }, open > 0);
    return new HeldBackError(name, describeBreaker(name, ledger.breaker(name)), retryAfterMs);
  }

  function check(name: string): void {
    const now = clock.now();
    const admission = admit(ledger.breaker(name), now);
    if (typeof admission !== "object") return;
    throw refused(name, admission.retryAt === null ? null : admission.retryAt - now);
  }

  async function permit(name: string, opening: number): Promise<boolean> {
    if (open > 0) {
      try {
        return await store.takeProbe(name, opening, rules.probes, rules.probeTtlMs);
      } catch (error) {
        log("probe without the store", { breaker: name, error: messageOf(error) });
      }
    }
    const known = ownProbes.get(name);
    const taken = known?.opening === opening ? known.taken : 0;
    ownProbes.set(name, { opening, taken: taken + 1 });
    return taken < rules.probes;
  }

  async function saveChanged(): Promise<void> {
    for (let attempt = 1; attempt <= SAVE_TRIES; attempt++) {
      const drafts = ledger.drafts();
      if (drafts.length === 0) return;
      const newer = await store.save(drafts.map(({ events: _, ...stored }) => stored));
      const lost = new Set(newer.map(({ name }) => name));
      for (const draft of drafts) if (!lost.has(draft.name)) ledger.saved(draft);
      for (const stored of newer) ledger.rebase(stored);
      if (lost.size === 0) return;
    }
    log("breakers not saved", { error: "others saved each time" });
  }

  return {
    async load() {
      open += 1;
      try {
        const { breakers, orders } = await store.load();
        for (const stored of breakers) ledger.rebase(stored);
        for (const { name, id, order } of orders) {
          if (id <= ledger.breaker(name).orderId) continue;
          ledger.apply(name, { type: "order", at: clock.now(), id, order }, true);
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
    check,
    async enter(name) {
      check(name);
      const breaker = ledger.breaker(name);
      if (admit(breaker, clock.now()) === "pass") return null;
      const { openings: opening } = breaker;
      if (!(await permit(name, opening))) throw refused(name, PROBES_OUT_MS);
      ledger.apply(name, { type: "probe", at: clock.now(), opening }, open > 0);
      return opening;
    },
    settle(name, opening, verdict, durationMs) {
      const event = { type: "result", at: clock.now(), durationMs, opening, chance: chance() } as const;
      ledger.apply(name, { ...event, ...verdict }, open > 0);
    },
    statuses: () => ledger.statuses().sort(byName),
    async stored() {
      try {
        const { breakers } = await store.load();
        return breakers.map(({ name, breaker }) => statusOf(name, breaker, clock.now(), rules)).sort(byName);
      } catch (error) {
        log("breakers not loaded", { error: messageOf(error) });
        return ledger.statuses().sort(byName);
      }
    },
  };
}

function byName(a: BreakerStatus, b: BreakerStatus): number {
  return a.name < b.name ? -1 : 1;
}
