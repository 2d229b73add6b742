/**
 * A forecaster outside, in memory: a function that says a pool's loads, for tests, the simulator and dry runs. It keeps the
 * promises of the HTTP form (one answer per question, in order, never an exception), under the same contract suite.
 */
import type { OutsideForecast } from "../../core/forecast/outside.ts";
import { messageOf } from "../../errors.ts";
import type { ExpertAnswer, ExpertQuestion, ExpertRequest, Experts } from "../../ports.ts";

export type MemoryExpert = (
  question: ExpertQuestion,
  request: ExpertRequest,
) => Pick<OutsideForecast, "madeAt" | "start" | "load"> | null;

/** `say` answers null for a pool that it knows nothing of; what it throws is a reason. */
export function createMemoryExperts(name: string, model: string, say: MemoryExpert): Experts {
  return {
    ask: async (request) => request.pools.map((question) => answerOf(name, model, say, question, request)),
  };
}

function answerOf(
  name: string,
  model: string,
  say: MemoryExpert,
  question: ExpertQuestion,
  request: ExpertRequest,
): ExpertAnswer {
  try {
    const said = say(question, request);
    if (said === null) return { status: "missing", why: "it said nothing of this pool" };
    const { binMs, quantiles } = request;
    return { status: "answered", forecast: { name, model, binMs, quantiles, ...said } };
  } catch (error) {
    return { status: "missing", why: messageOf(error) };
  }
}
