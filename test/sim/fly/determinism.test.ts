import { describe, expect, it } from "vitest";
import { createRandom } from "../../../src/sim/random.ts";
import { call, create, smallFly } from "./helpers.ts";

/** A storm of calls chosen by `callSeed`, on a world of `seed`, with faults and jitter. */
function storm(seed: number, callSeed = 5) {
  const fly = smallFly({ seed, limits: true, boot: { jitter: 0.4 }, capacity: { iad: 6 }, listLagMs: 3000 });
  fly.addFault({ kind: "serverError", probability: 0.1 });
  fly.addFault({ kind: "timeoutAfter", action: "create", probability: 0.3 });
  fly.addFault({ kind: "bootFails", probability: 0.1 });
  const chance = createRandom(callSeed);
  const answers = [];
  for (let i = 0; i < 400; i++) {
    const id = chance.pick([...fly.machines().map((machine) => machine.id), "none"]);
    const verb = chance.pick([
      "start",
      "stop",
      "suspend",
      "restart",
      "cordon",
      "lease",
      "create",
      "create",
      "destroy",
    ]);
    if (verb === "create") answers.push(create(fly, { name: `fa-${i}` }));
    else if (verb === "destroy")
      answers.push(call(fly, `DELETE /machines/${id}?force=${chance.next() < 0.2}`));
    else answers.push(call(fly, `POST /machines/${id}/${verb}`, verb === "lease" ? { ttl: 2 } : {}));
    fly.sleep(chance.int(0, 5000));
  }
  return { log: fly.log(), answers, ledger: fly.ledger(), tally: fly.tally(), fly };
}

describe("determinism", () => {
  it("gives the same answers, log and ledger for the same seed and calls", () => {
    const [one, two] = [storm(1), storm(1)];
    expect(one.log.length).toBeGreaterThan(100);
    expect(two.log).toEqual(one.log);
    expect(two.answers).toEqual(one.answers);
    expect(two.ledger).toEqual(one.ledger);
  });

  it("gives another log for another seed", () => {
    expect(storm(2).log).not.toEqual(storm(1).log);
  });

  it("keeps its own books: the log replayed gives the machines that exist, and no region is overfull", () => {
    for (const seed of [1, 2, 3, 4]) {
      const { log, fly } = storm(seed, seed);
      const alive = new Set(
        smallFly({ seed })
          .machines()
          .map((machine) => machine.id),
      );
      for (const entry of log) {
        if (entry.action === "create") alive.add(entry.machineId);
        if (entry.action === "destroy") alive.delete(entry.machineId);
      }
      const ended = new Set(["destroying", "destroyed"]);
      const left = fly
        .machines()
        .filter((machine) => !ended.has(machine.state))
        .map((machine) => machine.id);
      expect(left.sort()).toEqual([...alive].sort());
      const busy = fly.machines().filter((machine) => machine.region === "iad" && machine.counted?.reserved);
      expect(busy.length).toBeLessThanOrEqual(6);
    }
  });
});
