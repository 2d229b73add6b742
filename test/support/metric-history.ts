/**
 * Machines over some minutes as lines of OpenMetrics, scraped four times a minute, the last time exactly at its end: so a
 * reading at a minute's edge is what was counted until then, and a test can ask for equality.
 */
import type { Instant } from "../../src/core/time.ts";
import { MINUTE_MS } from "../../src/core/time.ts";
import { startPrometheus } from "../../src/local/prometheus.ts";
import { findProgram } from "../../src/local/redis.ts";
import { startVictoriaMetrics } from "../../src/local/victoria-metrics.ts";
import { addHistory, historyText } from "../../src/sim/fly-metrics/exposition.ts";
import { addWork, createMeter, type Meter, type Work } from "../../src/sim/fly-metrics/meter.ts";

/** null where there is one, else the title of what is skipped; with FLYAHEAD_EXPECT_PROMETHEUS=1, as in CI, its absence fails. */
export function whyNoPrometheus(): string | null {
  return whyNone(["prometheus", "promtool"], process.env.FLYAHEAD_EXPECT_PROMETHEUS);
}

/** The same of VictoriaMetrics and FLYAHEAD_EXPECT_VICTORIA_METRICS. */
export function whyNoVictoriaMetrics(): string | null {
  return whyNone(["victoria-metrics"], process.env.FLYAHEAD_EXPECT_VICTORIA_METRICS);
}

function whyNone(programs: readonly string[], expected: string | undefined): string | null {
  const missing = programs.filter((name) => findProgram(name) === undefined);
  return missing.length === 0 || expected === "1" ? null : `skipped: ${missing.join(" and ")} not on PATH`;
}

/** Each server that a source of metrics may have behind it, holding a history. */
export const METRIC_SERVERS = [
  { name: "Prometheus", why: whyNoPrometheus, start: (history: string) => startPrometheus({ history }) },
  { name: "VictoriaMetrics", why: whyNoVictoriaMetrics, start: startVictoriaMetrics },
] as const;

/** What a machine does in a minute; null where nothing is scraped of it. Requests in multiples of 4. */
export type Minute = Omit<Work, "ms"> | null;
export type ToldMachine = {
  readonly app: string;
  readonly region: string;
  readonly instance: string;
  readonly host?: string;
  /** From the minute `since` on, one after the other. */
  readonly minuteAt: (index: number) => Minute;
  /** Before the minute's work is counted: a reset, a move, a restart of the proxy. */
  readonly before?: (meter: Meter, index: number) => void;
  /** Whether it shows nothing that a proxy counts: a worker without a service. */
  readonly hasNoService?: boolean;
};

/** For weeks of history: once a minute, and only what requests are counted from. */
export type Detail = { readonly scrapes?: number; readonly metrics?: readonly string[] };

/** Minutes `first` … `last` counted from `start`. */
export function tellHistory(
  machines: readonly ToldMachine[],
  start: Instant,
  first: number,
  last: number,
  { scrapes = 4, metrics }: Detail = {},
): string {
  const history = new Map<string, string[]>();
  for (const told of machines) {
    const { app, region, instance, host = "h1" } = told;
    const meter = createMeter({ app, region, instance, host });
    for (let index = first; index <= last; index++) {
      const minute = told.minuteAt(index);
      told.before?.(meter, index);
      if (minute === null) continue;
      for (let scrape = 1; scrape <= scrapes; scrape++) {
        const { requests, errors = 0 } = minute;
        addWork(meter, {
          ...minute,
          ms: MINUTE_MS / scrapes,
          requests: requests / scrapes,
          errors: errors / scrapes,
        });
        addHistory(history, [meter], start + index * MINUTE_MS + (scrape * MINUTE_MS) / scrapes, metrics);
      }
    }
    if (told.hasNoService) dropService(history, instance);
  }
  return historyText(history);
}

function dropService(history: Map<string, string[]>, instance: string): void {
  for (const [name, lines] of history) {
    if (!name.startsWith("fly_app_")) continue;
    const rest = lines.filter((line) => !line.includes(`instance="${instance}"`));
    if (rest.length === 0) history.delete(name);
    else history.set(name, rest);
  }
}
