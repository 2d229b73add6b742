/**
 * The body of a range query's answer: readings on the grid that was asked for, or a failure with its kind.
 *
 * Traps: what is off the grid is refused, not rounded. `isPartial` (VictoriaMetrics) says that a storage node was silent:
 * sums are too low then, and nothing of such an answer is used. Prometheus says the same in `warnings`, where it also puts
 * harmless remarks about the query ("PromQL …").
 */
import { z } from "zod";
import { formatInstant, type Instant, SECOND_MS } from "../../core/time.ts";
import type { TrafficFailure } from "../../ports.ts";
import type { HttpAnswer } from "../http.ts";

export type Grid = { readonly start: Instant; readonly stepMs: number; readonly length: number };
export type Labels = Readonly<Record<string, string>>;
/** values[i] was read at start + i·stepMs; NaN where there was nothing to read. */
export type Readings = { readonly labels: Labels; readonly values: Float64Array };

export type RangeAnswer =
  | { readonly status: "answered"; readonly series: readonly Readings[]; readonly points: number }
  | { readonly status: "failed"; readonly kind: TrafficFailure; readonly why: string };

const TEXT_SHOWN = 300;
/** Seconds come as decimals of a double: what is further off was not asked for. */
const OFF_GRID_MS = 2;

/** Ten thousand points are checked by hand: zod would take longer than all the rest. */
const values = z.custom<readonly (readonly [number, string])[]>((given) => {
  const isPoint = (point: unknown) =>
    Array.isArray(point) && typeof point[0] === "number" && typeof point[1] === "string";
  return Array.isArray(given) && given.every(isPoint);
}, "expected [seconds, text] pairs");
const answerShape = z.discriminatedUnion("status", [
  z.object({
    status: z.literal("success"),
    isPartial: z.boolean().nullish(),
    warnings: z.array(z.string()).nullish(),
    data: z.object({
      resultType: z.literal("matrix"),
      result: z.array(z.object({ metric: z.record(z.string(), z.string()), values })),
    }),
  }),
  z.object({ status: z.literal("error"), errorType: z.string().catch(""), error: z.string().catch("") }),
]);

export function failed(kind: TrafficFailure, why: string): RangeAnswer {
  return { status: "failed", kind, why };
}

export function readAnswer(
  { status, text }: HttpAnswer,
  grid: Grid,
  redact: (text: string) => string,
): RangeAnswer {
  const parsed = answerShape.safeParse(jsonOf(text));
  if (!parsed.success) {
    const place = parsed.error.issues[0]?.path.join(".") || "the body";
    const words = status === 200 ? `${place} is not what was expected` : redact(shortened(text));
    return failed(kindOfStatus(status, text), `it answered ${status}: ${words}`);
  }
  const answer = parsed.data;
  if (answer.status === "error")
    return failed(
      kindOfStatus(status, answer.error),
      `it answered ${status} ${answer.errorType}: ${redact(shortened(answer.error))}`,
    );
  const partial = (answer.warnings ?? []).find((warning) => !/^PromQL (info|warning)/.test(warning));
  if (answer.isPartial) return failed("partial", "its answer is partial: a part of its storage was silent");
  if (partial !== undefined) return failed("partial", `it warned: ${redact(shortened(partial))}`);
  return onGrid(answer.data.result, grid);
}

type Matrix = readonly { readonly metric: Labels; readonly values: readonly (readonly [number, string])[] }[];

function onGrid(matrix: Matrix, { start, stepMs, length }: Grid): RangeAnswer {
  let points = 0;
  const series: Readings[] = [];
  for (const { metric, values: given } of matrix) {
    const read = new Float64Array(length).fill(Number.NaN);
    for (const [seconds, text] of given) {
      const place = (seconds * SECOND_MS - start) / stepMs;
      const index = Math.round(place);
      if (Math.abs(place - index) * stepMs > OFF_GRID_MS || index < 0 || index >= length)
        return failed(
          "invalid",
          `a value of ${formatInstant(Math.round(seconds * SECOND_MS))} was not asked for`,
        );
      const value = Number(text);
      // "NaN", "+Inf" and "-Inf" are answers to divisions by nothing.
      if (Number.isFinite(value)) read[index] = value;
      points += 1;
    }
    series.push({ labels: metric, values: read });
  }
  return { status: "answered", series, points };
}

const TOO_LARGE =
  /too many (samples|points|series)|exceeded maximum resolution|maximum (number of )?(samples|series)|cannot select more than|-search\.max|response too large/i;

function kindOfStatus(status: number, text: string): TrafficFailure {
  if (TOO_LARGE.test(text) || status === 413) return "tooLarge";
  if (status === 401 || status === 403) return "auth";
  if (status === 429) return "rateLimited";
  if (status === 408 || status === 504 || /timed? ?out|deadline/i.test(text)) return "slow";
  return status >= 500 ? "unreachable" : "invalid";
}

function shortened(text: string): string {
  return text.replace(/\s+/g, " ").trim().slice(0, TEXT_SHOWN);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
