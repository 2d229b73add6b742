import fc from "fast-check";
import { expect, it } from "vitest";
import { createQueue, nextTimerAt, popTimer, pushTimer } from "../../../src/sim/fly/queue.ts";

it("gives timers back in order of time, and of setting where the times are equal", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20)), (times) => {
      const queue = createQueue();
      times.forEach((at, i) => {
        pushTimer(queue, at, `m${i}`, i);
      });
      const got = times.map(() => popTimer(queue)).map((timer) => [timer?.at, timer?.epoch]);
      const want = times.map((at, i) => [at, i] as const).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
      expect(got).toEqual(want);
      expect(nextTimerAt(queue)).toBe(Number.POSITIVE_INFINITY);
      expect(popTimer(queue)).toBeUndefined();
    }),
  );
});
