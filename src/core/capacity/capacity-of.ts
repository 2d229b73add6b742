/**
 * What a machine is taken to carry: as given, or as learned where that is good enough. Each signal answers with its evidence;
 * of those believed the smallest binds, since what gives out first is what a machine carries.
 *
 * The traps: learning must never be silent, so there is always a sentence. And it must not run ahead of what was seen: a
 * line drawn from half a load may bend. So more than was given is used only up to a quarter above what a machine was seen to
 * carry; as machines run fuller, that limit moves with them.
 */
import type { CapacityModel } from "./capacity-model.ts";
import { concurrencySignal, workSecondsOf } from "./concurrency-signal.ts";
import { cpuSignal } from "./cpu-signal.ts";
import { errorsSignal } from "./errors-signal.ts";
import { usualOf } from "./knee.ts";
import { latencySignal } from "./latency-signal.ts";
import type { CapacityState, SizeState } from "./learn-capacity.ts";
import { curveOf, type Level, type Signal } from "./load-levels.ts";
import { type SignalAnswer, silence } from "./signal-answer.ts";
import type { Room } from "./staffing.ts";

export type GivenCapacity = {
  /** What the owner or the configuration says. */
  readonly model: CapacityModel;
  /** Share of its cpu at which a machine is full; 0.8 unless given. */
  readonly fullCpu?: number;
  /** Requests that the service lets one machine work on at once; absent where nobody said. */
  readonly softLimit?: number;
  /** How long a request may wait for a free slot, and for which share of them; absent where nobody said, and then no room is kept. */
  readonly wait?: { readonly waitSeconds: number; readonly lateShare: number };
};

export type LearnedCapacity = CapacityModel & {
  readonly source: "given" | Signal;
  /** Of what is used: 1 for what is given. */
  readonly confidence: number;
  /** One answer a signal. */
  readonly evidence: readonly SignalAnswer[];
  /** "given 600, learned 520 from cpu, 0.83 sure". */
  readonly sentence: string;
};

const FULL_CPU = 0.8;
/** A signal that is less sure has no say. */
export const BELIEVED_FROM = 0.6;
/** How far above the busiest that was seen a learned capacity may go. */
const BEYOND_SEEN = 1.25;
/** Of values that cannot be what they are named; a signal with more is in another unit. */
const MOST_ODD = 0.05;

/** @param size by sizeName; the size of the machines that are to be counted */
export function capacityOf(state: CapacityState, size: string, given: GivenCapacity): LearnedCapacity {
  const evidence = answersOf(state.sizes[size], given);
  const model = { ...given.model, ...roomOf(state.sizes[size], given) };
  const believed = evidence.filter(
    (answer) => answer.requestsPerWorker !== null && answer.confidence >= BELIEVED_FROM,
  );
  const binding = believed.sort((a, b) => a.requestsPerWorker! - b.requestsPerWorker!)[0];
  if (binding === undefined) {
    return { ...model, source: "given", confidence: 1, evidence, sentence: whyGiven(model, evidence) };
  }
  const seen = Math.max(model.requestsPerWorker, binding.to * BEYOND_SEEN);
  const learned = binding.requestsPerWorker!;
  return {
    ...model,
    requestsPerWorker: Math.min(learned, seen),
    source: binding.signal,
    confidence: binding.confidence,
    evidence,
    sentence: whyLearned(model, binding, seen),
  };
}

/** Room for bursts: as given, else from the wait that is allowed and the time that a request is seen to take. */
function roomOf(size: SizeState | undefined, { model, wait }: GivenCapacity): { room?: Room } {
  if (model.room !== undefined) return { room: model.room };
  if (wait === undefined) return {};
  const serviceSeconds = workSecondsOf(curveIn(size, "concurrency"), usualP95MsIn(size));
  return serviceSeconds === null ? {} : { room: { kind: "queue", serviceSeconds, ...wait } };
}

function curveIn(size: SizeState | undefined, signal: Signal, withIdle = false): readonly Level[] {
  return size === undefined ? [] : curveOf(size.levels, signal, size.newest, withIdle);
}

function usualP95MsIn(size: SizeState | undefined): number | null {
  const latency = curveIn(size, "latency");
  return latency.length === 0 ? null : Math.exp(usualOf(latency));
}

function answersOf(size: SizeState | undefined, given: GivenCapacity): SignalAnswer[] {
  const answers = [
    cpuSignal(curveIn(size, "cpu", true), given.fullCpu ?? FULL_CPU),
    latencySignal(curveIn(size, "latency")),
    concurrencySignal(curveIn(size, "concurrency"), given.softLimit ?? null, usualP95MsIn(size)),
    errorsSignal(curveIn(size, "errors")),
  ];
  return answers.map((answer) => (size === undefined ? answer : unlessOdd(answer, size)));
}

function unlessOdd(answer: SignalAnswer, { used, odd }: SizeState): SignalAnswer {
  const wrong = odd[answer.signal] ?? 0;
  const all = wrong + (used[answer.signal] ?? 0);
  if (wrong <= MOST_ODD * all) return answer;
  return {
    ...silence(answer.signal, [], ""),
    ...rest(answer),
    why: `${wrong} of ${all} values are in another unit`,
  };
}

function rest({ samples, from, to }: SignalAnswer): Pick<SignalAnswer, "samples" | "from" | "to"> {
  return { samples, from, to };
}

function whyLearned({ requestsPerWorker }: CapacityModel, binding: SignalAnswer, seen: number): string {
  const learned = binding.requestsPerWorker!;
  const held =
    learned > seen
      ? `, held at ${round(seen)}: no machine was seen to carry more than ${round(binding.to)}`
      : "";
  return `given ${round(requestsPerWorker)}, learned ${round(learned)} from ${binding.signal}, ${sure(binding)} sure${held}`;
}

function whyGiven({ requestsPerWorker }: CapacityModel, evidence: readonly SignalAnswer[]): string {
  const doubted = evidence.filter((answer) => answer.requestsPerWorker !== null);
  doubted.sort((a, b) => b.confidence - a.confidence);
  const best = doubted[0];
  const why =
    best === undefined
      ? evidence.map(({ signal, why }) => `${signal}: ${why}`).join("; ")
      : `${best.signal} says ${round(best.requestsPerWorker!)}, only ${sure(best)} sure`;
  return `given ${round(requestsPerWorker)}, nothing learned that is sure enough (${why})`;
}

function round(requests: number): number {
  return requests >= 100 ? Math.round(requests) : Number(requests.toPrecision(3));
}

function sure({ confidence }: SignalAnswer): string {
  return confidence.toFixed(2);
}
