/**
 * Two stores as one. Redis is asked first: its state is there also when Postgres is not, and so are the permits. Postgres keeps
 * a copy that people look at, holds their orders, and takes over while Redis is away. Of each breaker the newest counts.
 *
 * The trap is the permit while Redis comes and goes: each store counts for itself, so in the worst case an opening gets
 * twice its probes. Two probes too many are harmless; none at all would leave a breaker open for ever.
 */
import { messageOf } from "../../errors.ts";
import type { BreakerStore, Log, StoredBreaker } from "../../ports.ts";

export function createLayeredBreakerStore(first: BreakerStore, second: BreakerStore, log: Log): BreakerStore {
  return {
    async load() {
      const answers = await Promise.allSettled([first.load(), second.load()]);
      const loaded = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
      for (const answer of answers) if (answer.status === "rejected") tell("load", answer.reason);
      if (loaded.length === 0) throw new Error("neither of the two stores answered");
      return {
        breakers: newest(loaded.flatMap(({ breakers }) => breakers)),
        orders: loaded.flatMap(({ orders }) => orders),
      };
    },

    async save(breakers) {
      const newer = await first.save(breakers).catch((error: unknown) => tell("save", error));
      if (newer === null) return second.save(breakers);
      const taken = breakers.filter(({ name }) => !newer.some((one) => one.name === name));
      const newerThere = await second.save(taken).catch((error: unknown) => tell("copy", error));
      return [...newer, ...(newerThere ?? [])];
    },

    takeProbe: (...asked) =>
      first.takeProbe(...asked).catch((error: unknown) => {
        tell("take a probe's permit", error);
        return second.takeProbe(...asked);
      }),
  };

  function tell(what: string, error: unknown): null {
    log("breaker store", { what, error: messageOf(error) });
    return null;
  }
}

function newest(breakers: readonly StoredBreaker[]): StoredBreaker[] {
  const found = new Map<string, StoredBreaker>();
  for (const one of breakers) {
    if (one.version > (found.get(one.name)?.version ?? -1)) found.set(one.name, one);
  }
  return [...found.values()];
}
