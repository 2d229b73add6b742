/**
 * The flyahead that a script talks to: what the command line names, else the environment, else the kept local stack.
 *
 * The trap is a mixture: the address of a deployed stack with the database of the local one. So as soon as an address
 * is given that is not the kept stack's own, nothing of the kept stack is used.
 */
import type { Instant } from "../src/core/time.ts";
import { readKeptStack } from "./kept-stack.ts";
import { UserError } from "./user-error.ts";

export type RunningStack = {
  /** To which /<slug> is added. */
  readonly functionsUrl: string;
  readonly token: string;
  readonly databaseUrl: string | null;
  /** Set where the stack is simulated: its clock rules. */
  readonly flyUrl: string | null;
};
type Asked = {
  readonly url?: string | undefined;
  readonly token?: string | undefined;
  databaseUrl?: string | undefined;
};

/** @throws UserError where the stack or its token is not named, or an address cannot be read. */
export function findStack({ url, token, databaseUrl }: Asked): RunningStack {
  const { FLYAHEAD_URL, FLYAHEAD_TOKEN } = process.env;
  const named = (url ?? FLYAHEAD_URL)?.replace(/\/+$/, "") || null;
  if (named !== null && !(/^https?:/.test(named) && URL.canParse(named)))
    throw new UserError(
      `The URL "${named}" cannot be read; give one like https://<project>.supabase.co/functions/v1`,
    );
  const kept = readKeptStack();
  const own = kept !== null && (named === null || named === kept.functionsUrl) ? kept : null;
  const functionsUrl = named ?? own?.functionsUrl;
  if (functionsUrl === undefined)
    throw new UserError(
      "Which stack? Give --url and --token (or FLYAHEAD_URL and FLYAHEAD_TOKEN), or start one with: npm run demo -- --keep",
    );
  const bearer = token ?? (FLYAHEAD_TOKEN || undefined) ?? own?.token;
  if (bearer === undefined)
    throw new UserError(
      `No token for ${functionsUrl}: give --token or FLYAHEAD_TOKEN; \`npm run token -- create\` makes one`,
    );
  const database = databaseUrl ?? (process.env.DATABASE_URL || undefined) ?? own?.databaseUrl;
  return { functionsUrl, token: bearer, databaseUrl: database ?? null, flyUrl: own?.flyUrl ?? null };
}

/** The database alone. @throws UserError where none is named or its URL cannot be read. */
export function findDatabase(asked: string | undefined): { readonly url: string; readonly from: string } {
  const named = asked ?? (process.env.DATABASE_URL || undefined);
  const from =
    asked !== undefined ? "--database-url" : named !== undefined ? "DATABASE_URL" : ".flyahead/stack.json";
  const url = named ?? readKeptStack()?.databaseUrl;
  if (url === undefined)
    throw new UserError("Which database? Set DATABASE_URL, or start one with: npm run demo -- --keep");
  return { url, from };
}

/** The time that the stack goes by. `moveTo` never turns a clock back, and leaves the real one alone. */
export type StackClock = {
  readonly simulated: boolean;
  now(): Promise<Instant>;
  moveTo(instant: Instant): Promise<void>;
};

export function clockOf({ flyUrl }: RunningStack, realNow: () => Instant): StackClock {
  if (flyUrl === null) return { simulated: false, now: async () => realNow(), moveTo: async () => {} };
  const ask = async (init: RequestInit): Promise<Instant> => {
    const at = `${flyUrl}/_sim/clock`;
    const answer = await fetch(at, { ...init, signal: AbortSignal.timeout(30_000) }).catch(
      (error: unknown) => {
        throw new UserError(
          `Cannot read the simulated clock at ${at}: ${causeOf(error)}. Is \`npm run demo -- --keep\` still running?`,
        );
      },
    );
    const { now, error } = (await answer.json()) as { now?: Instant; error?: string };
    if (now === undefined)
      throw new UserError(`The simulated clock at ${at} answered ${answer.status}: ${error}`);
    return now;
  };
  const now = () => ask({});
  return {
    simulated: true,
    now,
    async moveTo(instant) {
      if (instant <= (await now())) return;
      await ask({
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ to: instant }),
      });
    },
  };
}

/** Why fetch, or a database's client, did not get through, in the words of the system. */
export function causeOf(error: unknown): string {
  const { cause, message, code } = error as NodeJS.ErrnoException & { cause?: NodeJS.ErrnoException };
  return cause?.code ?? cause?.message ?? (message || code || String(error));
}
