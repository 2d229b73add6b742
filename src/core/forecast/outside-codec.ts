/**
 * What is remembered of an outside expert, in about a kilobyte of the hot part: it changes at every tick, and a bin that was
 * judged must not be judged again by an older checkpoint. Numbers of an answer that waits are 16 bits each: lead, bin
 * (counted from the state's watermark), five roots in steps of 1/32767 of the largest.
 *
 * The trap: losing this part costs a day of weighing and nothing else, so what cannot be read is nothing, not an error.
 */
import { bytesOf, toBase64 } from "./base64.ts";
import { STORED_QUANTILES } from "./forecast.ts";
import type { OutsideMemory, Waiting } from "./outside.ts";

const VERSION = 1;
const STEPS = 32_767;
const WORDS = 2 + STORED_QUANTILES.length;

export type StoredOutside = {
  readonly version: number;
  readonly name: string;
  readonly losses: string;
  readonly scale: number;
  readonly waiting: string;
};

/** `end`: the first bin that is not learned. */
export function encodeOutside({ name, losses, waiting }: OutsideMemory, end: number): StoredOutside {
  const scale = Math.fround(Math.max(0, ...waiting.flatMap(({ roots }) => roots)) / STEPS);
  const words = waiting.flatMap(({ rank, bin, roots }) => [
    rank,
    bin - end,
    ...roots.map((root) => (scale === 0 ? 0 : Math.min(STEPS, Math.round(root / scale)))),
  ]);
  return {
    version: VERSION,
    name,
    losses: toBase64(Float32Array.from(losses)),
    scale,
    waiting: toBase64(Int16Array.from(words)),
  };
}

/** null where nothing is stored, or what is there is of another version, another number of leads, or damaged. */
export function decodeOutside(
  stored: StoredOutside | undefined,
  end: number,
  leads: number,
): OutsideMemory | null {
  if (stored?.version !== VERSION) return null;
  try {
    const losses = Float64Array.from(new Float32Array(bytesOf(stored.losses).buffer));
    const words = new Int16Array(bytesOf(stored.waiting).buffer);
    if (losses.length !== 3 * leads || words.length % WORDS !== 0) return null;
    const waiting: Waiting[] = [];
    for (let i = 0; i < words.length; i += WORDS) {
      const roots = Array.from(words.subarray(i + 2, i + WORDS), (steps) => steps * stored.scale);
      if (words[i]! >= 0 && words[i]! < leads)
        waiting.push({ rank: words[i]!, bin: end + words[i + 1]!, roots });
    }
    return { name: stored.name, losses, waiting };
  } catch {
    return null;
  }
}
