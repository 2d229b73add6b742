/**
 * Whether what flyahead depends on answers, and how fast. The answers are kept for some seconds, so that whoever asks
 * often does not become a load on the very things he asks about.
 */
import type { Instant } from "../core/time.ts";
import type { Dependency, ReadDependencyStates } from "../ports.ts";
import { within } from "./within.ts";

const DEADLINE_MS = 3_000;
const KEPT_MS = 5_000;

export type Probed = {
  readonly name: string;
  readonly required: boolean;
  readonly isUp: boolean;
  readonly latencyMs: number;
  /** States of the breakers in front of it, by name; empty where there is none. */
  readonly breakers: Readonly<Record<string, string>>;
};
const tooLate = () => new Error(`no answer within ${DEADLINE_MS} ms`);
type Clocks = { readonly elapsedMs: () => Instant };

/** @param readStates the breakers' states; may fail, and then none are told */
export function createProbe(
  dependencies: readonly Dependency[],
  readStates: ReadDependencyStates,
  { elapsedMs }: Clocks,
): () => Promise<readonly Probed[]> {
  let kept: { readonly at: number; readonly probed: Promise<readonly Probed[]> } | null = null;
  const probeAll = async () => {
    const states = await within(DEADLINE_MS, readStates(), tooLate).catch(() => []);
    return Promise.all(dependencies.map((dependency) => probe(dependency, states, elapsedMs)));
  };
  return () => {
    if (kept === null || elapsedMs() - kept.at > KEPT_MS) kept = { at: elapsedMs(), probed: probeAll() };
    return kept.probed;
  };
}

async function probe(
  { name, required, check }: Dependency,
  states: Awaited<ReturnType<ReadDependencyStates>>,
  elapsedMs: () => number,
): Promise<Probed> {
  const from = elapsedMs();
  const isUp = await within(DEADLINE_MS, check(), tooLate).then(
    () => true,
    () => false,
  );
  const mine = states.filter((one) => one.name === name || one.name.startsWith(`${name}/`));
  return {
    ...{ name, required, isUp },
    latencyMs: Math.round(elapsedMs() - from),
    breakers: Object.fromEntries(mine.map((one) => [one.name, one.state])),
  };
}
