/**
 * Whether what flyahead depends on answers, and how fast. The answers are kept for some seconds, so that whoever asks
 * often does not become a load on the very things he asks about.
 */
import type { Instant } from "../core/time.ts";
import type { Dependency, Health, ReadBreakers } from "../ports.ts";
import { within } from "./within.ts";

const DEADLINE_MS = 3_000;
const KEPT_MS = 5_000;

type Standings = Awaited<ReturnType<ReadBreakers>>;
export type Probed = {
  readonly name: string;
  readonly required: boolean;
  /** null: not asked. */
  readonly isUp: boolean | null;
  readonly latencyMs: number | null;
  /** How the breakers in front of it stand, by name; empty where there is none. */
  readonly breakers: Readonly<Record<string, Standings[number]["mode"]>>;
};
const tooLate = () => new Error(`no answer within ${DEADLINE_MS} ms`);
type Clocks = { readonly elapsedMs: () => Instant };

/** @param readBreakers may fail, and then no breaker is told */
export function createProbe(
  dependencies: readonly Dependency[],
  readBreakers: ReadBreakers,
  clocks: Clocks,
): () => Promise<readonly Probed[]> {
  const { elapsedMs } = clocks;
  let kept: { readonly at: number; readonly probed: Promise<readonly Probed[]> } | null = null;
  const probeAll = async () => {
    const asked = Promise.all(dependencies.map((dependency) => healthOf(dependency, clocks)));
    const standings = await within(DEADLINE_MS, readBreakers(), tooLate).catch(() => []);
    const healths = await asked;
    return dependencies.map(({ name, required }, i) => ({
      ...{ name, required },
      isUp: healths[i]?.ok ?? null,
      latencyMs: healths[i]?.latencyMs ?? null,
      breakers: breakersOf(name, standings),
    }));
  };
  return () => {
    if (kept === null || elapsedMs() - kept.at > KEPT_MS) kept = { at: elapsedMs(), probed: probeAll() };
    return kept.probed;
  };
}

async function healthOf({ check }: Dependency, { elapsedMs }: Clocks): Promise<Health | null> {
  if (check === null) return null;
  const from = elapsedMs();
  return within(DEADLINE_MS, check(), tooLate).catch(() => {
    return { ok: false, latencyMs: Math.round(elapsedMs() - from), why: null };
  });
}

function breakersOf(name: string, standings: Standings): Probed["breakers"] {
  const mine = standings.filter((one) => one.name === name || one.name.startsWith(`${name}:`));
  return Object.fromEntries(mine.map((one) => [one.name, one.mode]));
}
