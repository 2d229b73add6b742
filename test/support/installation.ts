/**
 * One installation for a test file: real Postgres, Redis bridge, real Deno functions, a simulated Fly over HTTP. A test
 * takes an app of its own, so that tests do not meet; only the virtual clock is common to them, and it only runs forward.
 */
import { createHash, randomBytes } from "node:crypto";
import { bookToken } from "../../src/adapters/postgres/tokens.ts";
import { floorTo, formatInstant, type Instant, MINUTE_MS } from "../../src/core/time.ts";
import {
  type Installation,
  type InstallationOptions,
  startInstallation,
} from "../../src/local/installation.ts";
import type { MachineSeed } from "../../src/sim/fly/options.ts";

export const START: Instant = Date.UTC(2026, 0, 7, 8, 0);
export const SLOT_MS = 15 * MINUTE_MS;

export type Lab = Installation & {
  /** Moves the clock to the beginning of the next slot, and answers it. */
  nextSlot(): Instant;
  /** POST to auto-scaling for these apps. */
  tick(apps: string | readonly string[], more?: Record<string, unknown>): Promise<TickReply>;
  /** As `tick`, asked again while another one is said to be at work. */
  tickWhenFree(app: string): Promise<TickReply>;
  /** One tick that finds the app's pools, then the owner's wishes for them: columns of worker_regions. */
  adopt(app: string, wishes?: Record<string, string | number | boolean>): Promise<void>;
  /** Requests a minute for the minutes before now, through the traffic function; `load` gets the minutes until now. */
  feed(
    app: string,
    minutes: number,
    load: number | ((minutesAgo: number) => number),
    region?: string,
  ): Promise<void>;
  newToken(scopes: readonly string[], apps?: readonly string[] | null): Promise<string>;
};

export type TickReply = {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: an answer as it came, looked into by tests
  readonly body: any;
};

type Apps = Readonly<Record<string, readonly MachineSeed[]>>;

/** An installation whose Fly has these apps, and which waits for nothing. A lease ends after 150 s, or as `env` says. */
export async function startLab(
  apps: Apps,
  options: Partial<Omit<InstallationOptions, "fly">> & { fly?: Partial<InstallationOptions["fly"]> } = {},
): Promise<Lab> {
  const installation = await startInstallation({
    ...options,
    signals: false,
    fly: {
      seed: 7,
      start: START,
      ...options.fly,
      apps: Object.entries(apps).map(([name, machines]) => ({ name, machines })),
    },
    env: {
      ...{ SCALING_COOLDOWN_SECONDS: "0", STABILISATION_SECONDS: "0", LEAD_SECONDS: "0", DRAIN_SECONDS: "0" },
      ...options.env,
    },
  });
  const { fly, call, sql } = installation;

  const tick: Lab["tick"] = async (names, more = {}) => {
    const body = JSON.stringify({ apps: typeof names === "string" ? [names] : names, ...more });
    return replyOf(await call("auto-scaling", { method: "POST", body }));
  };
  return {
    ...installation,
    tick,
    async tickWhenFree(app) {
      for (;;) {
        const reply = await tick(app);
        if (reply.status !== 409) return reply;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
    nextSlot() {
      fly.advanceTo(floorTo(fly.now(), SLOT_MS) + SLOT_MS);
      return fly.now();
    },
    async adopt(app, wishes = {}) {
      const { body } = await tick(app, { mode: "observe" });
      if (body.apps?.[0]?.status !== "done") throw new Error(`${app} was not found: ${JSON.stringify(body)}`);
      await sql`update flyahead.worker_regions set ${sql({ mode: "act", ...wishes })} where app = ${app}`;
    },
    async feed(app, minutes, load, region = "fra") {
      const until = floorTo(fly.now(), MINUTE_MS);
      const loadAt = typeof load === "number" ? () => load : load;
      const samples = Array.from({ length: minutes }, (_, i) => ({
        app,
        region,
        at: formatInstant(until - (minutes - i) * MINUTE_MS),
        requests: loadAt(minutes - i),
      }));
      const answer = await call("traffic", { method: "POST", body: JSON.stringify(samples) });
      if (!answer.ok) throw new Error(`samples of ${app}: ${answer.status} ${await answer.text()}`);
    },
    async newToken(scopes, only = null) {
      const token = `fa_${randomBytes(24).toString("base64url")}`;
      const tokenHash = createHash("sha256").update(token).digest("hex");
      await bookToken(sql, { name: tokenHash.slice(0, 12), tokenHash, scopes, apps: only });
      return token;
    },
  };
}

export async function replyOf(answer: Response): Promise<TickReply> {
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text === "" ? null : JSON.parse(text) };
}
