/**
 * The PromQL texts: three range queries for an app, however many pools and machines it has, and one for each that the
 * owner named. They mean the same in Prometheus and in VictoriaMetrics.
 *
 * The trap is looking back. A bare selector answers with a value up to five minutes old, so that a machine that is gone
 * seems to idle; every range here is one bin, and what was not scraped in it is absent. One bin less a millisecond: up to
 * version 2 Prometheus counts both ends in, and a scrape exactly at the edge before would read as a bin without requests.
 */
/** Part names as they come back in the label `part`. */
export const PARTS = ["up", "concurrency", "cpu", "memory", "disk"] as const;
export type Part = (typeof PARTS)[number];

export const PART_LABEL = "flyahead_part";

/** "59999ms" for a minute. */
function rangeOf(binMs: number): string {
  return `${binMs - 1}ms`;
}

/** Raw counters of answered requests, with every label: sums of counters would hide where one began anew. */
export function responsesQuery(app: string, binMs: number): string {
  return `last_over_time(fly_app_http_responses_count${selector(app)}[${rangeOf(binMs)}])`;
}

/** All that is a state rather than a count, by machine, in one answer. */
export function statesQuery(app: string, binMs: number): string {
  const over = (metric: string, more = "") => `${metric}${selector(app, more)}[${rangeOf(binMs)}]`;
  const byMachine = (expression: string) => `sum by (instance, region) (${expression})`;
  const last = (metric: string) => `last_over_time(${over(metric)})`;
  const expressions: Record<Part, string> = {
    up: byMachine(last("fly_instance_up")),
    concurrency: byMachine(`avg_over_time(${over("fly_app_concurrency")})`),
    cpu: `1 - ${byMachine(`rate(${over("fly_instance_cpu", ',mode="idle"')})`)} / ${byMachine(`rate(${over("fly_instance_cpu")})`)}`,
    memory: `1 - ${byMachine(last("fly_instance_memory_mem_available"))} / ${byMachine(last("fly_instance_memory_mem_total"))}`,
    // The fullest of its file systems: the one that fails first.
    disk: `max by (instance, region) (1 - ${last("fly_instance_filesystem_blocks_avail")} / ${last("fly_instance_filesystem_blocks")})`,
  };
  return PARTS.map((part) => `label_replace(${expressions[part]}, "${PART_LABEL}", "${part}", "", "")`).join(
    " or ",
  );
}

/**
 * Buckets of the response time. A rate is extrapolated, but every bucket by the same factor, so a quantile is not moved.
 * By machine only where the pool cannot be told without it: that is many more series.
 */
export function bucketsQuery(app: string, binMs: number, byMachine: boolean): string {
  const labels = byMachine ? "instance, region, le" : "region, le";
  return `sum by (${labels}) (rate(fly_app_http_response_time_seconds_bucket${selector(app)}[${rangeOf(binMs)}]))`;
}

/** The owner's query, with the app's name and the width of a bin put in. */
export function customQuery(text: string, app: string, binMs: number): string {
  return text.replaceAll("%APP%", escaped(app)).replaceAll("%BIN%", `${binMs}ms`);
}

function selector(app: string, more = ""): string {
  return `{app="${escaped(app)}"${more}}`;
}

function escaped(text: string): string {
  return text.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n");
}
