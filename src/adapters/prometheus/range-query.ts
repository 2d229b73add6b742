/**
 * One range query: a PromQL text and a grid in, readings on just that grid out, or a failure as a value.
 *
 * The trap is VictoriaMetrics, which is what Fly runs: from 50 points on it shifts start and end to suit its cache, and
 * answers from there. `nocache=1` stops both; Prometheus does not know it and does not mind.
 */
import { SECOND_MS } from "../../core/time.ts";
import { callHttp, type Fetch } from "../http.ts";
import { failed, type Grid, type RangeAnswer, readAnswer } from "./range-answer.ts";

export type RangeQuery = {
  readonly query: string;
  readonly grid: Grid;
  readonly timeoutMs: number;
};
export type AskRange = (query: RangeQuery) => Promise<RangeAnswer>;

/**
 * @param baseUrl to which /api/v1/query_range is added; for Fly https://api.fly.io/prometheus/<organisation>
 * @param authorization the whole header, or null
 */
export function createRangeAsker(options: {
  readonly baseUrl: string;
  readonly authorization: string | null;
  readonly fetch: Fetch;
  readonly maxBytes: number;
}): AskRange {
  const { authorization, fetch, maxBytes } = options;
  const root = `${options.baseUrl.replace(/\/+$/, "").replace(/\/api\/v1$/, "")}/api/v1/query_range`;
  const redact = (text: string) => withoutSecret(text, authorization);

  return async ({ query, grid, timeoutMs }) => {
    const headers = { accept: "application/json", "user-agent": "flyahead" };
    const result = await callHttp(fetch, {
      method: "GET",
      url: `${root}?${parametersOf(query, grid, timeoutMs)}`,
      headers: authorization === null ? headers : { ...headers, authorization },
      timeoutMs,
      maxBytes,
    });
    if (result.kind !== "answered")
      return failed(/no answer within/.test(result.why) ? "slow" : "unreachable", result.why);
    if (result.cutShort !== null)
      return failed(/longer than/.test(result.cutShort) ? "tooLarge" : "unreachable", result.cutShort);
    return readAnswer(result, grid, redact);
  };
}

function parametersOf(query: string, { start, stepMs, length }: Grid, timeoutMs: number): URLSearchParams {
  const seconds = (ms: number) => String(ms / SECOND_MS);
  return new URLSearchParams({
    query,
    start: seconds(start),
    end: seconds(start + (length - 1) * stepMs),
    step: seconds(stepMs),
    timeout: `${Math.max(1, Math.floor(timeoutMs / SECOND_MS))}s`,
    nocache: "1",
  });
}

/** The header, and each token in it, blacked out: what a proxy echoes must not carry one into a log. */
function withoutSecret(text: string, authorization: string | null): string {
  if (authorization === null) return text;
  const secrets = [authorization, ...authorization.split(/[\s,]+/).filter((word) => word.length > 8)];
  return secrets.reduce((clean, secret) => clean.replaceAll(secret, "[token]"), text);
}
