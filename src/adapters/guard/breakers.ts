/**
 * The breakers of one isolate, between a load and a save. In between everything is decided from memory; only the permit for a
 * probe is asked of the store, since probes are counted over all isolates.
 *
 * What happened is kept as a journal of events beside the result. Where somebody saved first, the journal is applied to
 * what they saved, and nothing that either of them saw is lost. The trap is a store that is away: nothing may depend on it.
 * Then this isolate goes by what it has seen itself.
 */
import {
  admit,
  type Breaker,
  type BreakerEvent,
  closedBreaker,
  reduce,
  type Verdict,
} from "../../core/breaker/breaker.ts";
import { type BreakerRules, DEFAULT_RULES } from "../../core/breaker/rules.ts";
import { type BreakerStatus, changeOf, describeBreaker, statusOf } from "../../core/breaker/status.ts";
import { SECOND_MS } from "../../core/time.ts";
import { HeldBackError, messageOf } from "../../errors.ts";
import type { BreakerStore, Clock, Log, StoredBreaker } from "../../ports.ts";

/** Probes are out: their result is there in a moment, or never. */
const PROBES_OUT_MS = SECOND_MS;
/** An isolate that cannot save keeps so many events of a breaker to itself. */
const LONGEST_JOURNAL = 500;
const SAVE_TRIES = 4;

type Held = {
  version: number;
  breaker: Breaker;
  journal: BreakerEvent[];
  ownProbes: [opening: number, taken: number];
};

export type Breakers = {
  /** Never throws; without the store this isolate goes by what it knows. */
  load(): Promise<void>;
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
  const held = new Map<string, Held>();
  /** Ticks that loaded and have not saved yet. Without one, probes and events stay in this isolate. */
  let open = 0;

  function heldAs(name: string): Held {
    const known = held.get(name);
    if (known !== undefined) return known;
    const fresh: Held = { version: 0, breaker: closedBreaker(clock.now()), journal: [], ownProbes: [0, 0] };
    held.set(name, fresh);
    return fresh;
  }

  function apply(name: string, event: BreakerEvent): void {
    const one = heldAs(name);
    const after = reduce(one.breaker, event, rules);
    const change = changeOf(name, one.breaker, after);
    one.breaker = after;
    if (open > 0) one.journal = [...one.journal, event].slice(-LONGEST_JOURNAL);
    if (change !== null) log("breaker", change);
  }

  /** Lays what was seen here over what was saved by others. */
  function rebase({ name, version, breaker }: StoredBreaker): void {
    const one = heldAs(name);
    if (version < one.version) return;
    one.version = version;
    one.breaker = one.journal.reduce((before, event) => reduce(before, event, rules), breaker);
  }

  function refused(name: string, retryAfterMs: number | null): HeldBackError {
    apply(name, { type: "refusal", at: clock.now() });
    return new HeldBackError(name, describeBreaker(name, heldAs(name).breaker), retryAfterMs);
  }

  function check(name: string): void {
    const now = clock.now();
    const admission = admit(heldAs(name).breaker, now);
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
    const one = heldAs(name);
    const taken = one.ownProbes[0] === opening ? one.ownProbes[1] : 0;
    if (taken >= rules.probes) return false;
    one.ownProbes = [opening, taken + 1];
    return true;
  }

  async function saveChanged(): Promise<void> {
    let names = [...held].filter(([, { journal }]) => journal.length > 0).map(([name]) => name);
    for (let attempt = 1; names.length > 0 && attempt <= SAVE_TRIES; attempt++) {
      const sent = names.map((name) => ({ name, held: heldAs(name), events: heldAs(name).journal.length }));
      const newer = await store.save(
        sent.map(({ name, held: { version, breaker } }) => ({ name, version: version + 1, breaker })),
      );
      names = newer.map(({ name }) => name);
      for (const { name, held: one, events } of sent) {
        if (names.includes(name)) continue;
        one.version += 1;
        one.journal = one.journal.slice(events);
      }
      for (const stored of newer) rebase(stored);
    }
    if (names.length > 0) log("breakers not saved", { breakers: names, error: "others saved each time" });
  }

  function statuses(): BreakerStatus[] {
    return [...held].map(([name, { breaker }]) => statusOf(name, breaker, clock.now(), rules)).sort(byName);
  }

  return {
    async load() {
      open += 1;
      try {
        const { breakers, orders } = await store.load();
        for (const stored of breakers) rebase(stored);
        for (const { name, id, order } of orders) {
          if (id > heldAs(name).breaker.orderId) apply(name, { type: "order", at: clock.now(), id, order });
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
      const { breaker } = heldAs(name);
      if (admit(breaker, clock.now()) === "pass") return null;
      const opening = breaker.openings;
      if (!(await permit(name, opening))) throw refused(name, PROBES_OUT_MS);
      apply(name, { type: "probe", at: clock.now(), opening });
      return opening;
    },
    settle(name, opening, verdict, durationMs) {
      apply(name, { type: "result", at: clock.now(), durationMs, opening, chance: chance(), ...verdict });
    },
    statuses,
    async stored() {
      try {
        const { breakers } = await store.load();
        return breakers.map(({ name, breaker }) => statusOf(name, breaker, clock.now(), rules)).sort(byName);
      } catch (error) {
        log("breakers not loaded", { error: messageOf(error) });
        return statuses();
      }
    },
  };
}

function byName(a: BreakerStatus, b: BreakerStatus): number {
  return a.name < b.name ? -1 : 1;
}
