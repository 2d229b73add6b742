/**
 * One request of samples, carried through: 429 is waited out as asked, a stack that goes away in the middle of a run is
 * waited for a while. The very first request fails at once: then the address or the token is wrong, not the moment.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { callFunction, type FunctionAnswer, refusalText, UnreachableError } from "../call-function.ts";
import type { RunningStack } from "../running-stack.ts";
import { UserError } from "../user-error.ts";
import { countRefusal, type Tally } from "./tally.ts";

/** As many as the traffic function takes at once. */
export const SAMPLES_A_CALL = 5_000;
const TRIES = 5;
/** In a simulation the wait is counted between a real and a simulated time, and means nothing; the limiter's window is real. */
const LONGEST_SIMULATED_WAIT_SECONDS = 60;

export type Sample = {
  readonly app: string;
  readonly region: string;
  readonly processGroup: string;
  readonly at: string;
  readonly requests: number;
};
export type Sender = {
  readonly stack: RunningStack;
  readonly tally: Tally;
  readonly say: (text: string) => void;
  readonly stop: AbortSignal;
};

/** Sends and counts. @throws UserError where the function refuses the request as a whole, AbortError on stop. */
export async function postSamples(samples: readonly Sample[], sender: Sender): Promise<void> {
  const { stack, tally, say, stop } = sender;
  for (let failures = 0; ; ) {
    stop.throwIfAborted();
    const answer = await ask(samples, stack);
    tally.requests += answer === null || answer instanceof UnreachableError ? 0 : 1;
    if (!(answer instanceof UnreachableError)) {
      if (answer.status === 200 || answer.status === 422) return count(samples, answer, sender);
      if (answer.status === 429) {
        const seconds = waitSeconds(answer, stack);
        say(`429: the stack asks to slow down; waiting ${seconds} s`);
        await sleep(seconds * 1_000, undefined, { signal: stop });
        continue;
      }
      if (answer.status < 500) throw new UserError(`The samples were refused with ${refusalText(answer)}`);
    }
    failures += 1;
    const why =
      answer instanceof UnreachableError ? answer.message : `The stack answered ${refusalText(answer)}`;
    if (tally.sent === 0 || failures >= TRIES) throw new UserError(why);
    const seconds = 2 ** (failures - 1);
    say(`${why} Trying again in ${seconds} s`);
    await sleep(seconds * 1_000, undefined, { signal: stop });
  }
}

async function ask(
  samples: readonly Sample[],
  stack: RunningStack,
): Promise<FunctionAnswer | UnreachableError> {
  try {
    return await callFunction(stack, "traffic", samples);
  } catch (error) {
    if (error instanceof UnreachableError) return error;
    throw error;
  }
}

function waitSeconds({ retryAfterSeconds }: FunctionAnswer, { flyUrl }: RunningStack): number {
  const seconds = Math.max(1, retryAfterSeconds ?? 1);
  return flyUrl === null ? seconds : Math.min(seconds, LONGEST_SIMULATED_WAIT_SECONDS);
}

/** 422 is the answer where every single sample was refused; it carries the same lists. */
function count(samples: readonly Sample[], answer: FunctionAnswer, { tally, say }: Sender): void {
  const { stored, refused } = answer.body as {
    stored?: number;
    refused?: { index: number; reason: string }[];
  };
  if (typeof stored !== "number" || !Array.isArray(refused))
    throw new UserError(`Not the answer of a traffic function: ${refusalText(answer)}. Is the URL right?`);
  tally.sent += samples.length;
  tally.stored += stored;
  for (const { index, reason } of refused) {
    const first = countRefusal(tally, reason);
    const { region, at } = samples[index] ?? { region: "?", at: "?" };
    if (first !== null) say(`refused, ${region} at ${at}: ${first}`);
  }
}
