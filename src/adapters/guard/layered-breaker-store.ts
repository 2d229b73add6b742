/**
 * Two stores as one. Redis is asked first: its state is there also when Postgres is not. Postgres keeps a copy that people look
 * at, holds their orders, and takes over while Redis is away. Of each breaker the newest counts.
 *
 * The trap is the permit. Were it given by whichever store answers, each would count for itself, and an opening would get twice
 * its probes while one of them comes and goes. So Postgres alone gives them: nothing moves without it anyway.
 */
import { messageOf } from "../../errors.ts";
import type { BreakerStates, BreakerStore, Log, StoredBreaker } from "../../ports.ts";

/** @param second also gives the permits */
export function createLayeredBreakerStore(
  first: BreakerStates,
  second: BreakerStore,
  log: Log,
): BreakerStore {
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

    takeProbe: second.takeProbe,
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
