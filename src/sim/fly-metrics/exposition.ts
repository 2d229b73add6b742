/**
 * Meters as the text that Prometheus reads: HELP-less, one block a metric. With instants it is OpenMetrics, from which
 * `promtool tsdb create-blocks-from openmetrics` makes history; the types are left unknown there, since OpenMetrics
 * wants counters to end in _total, and Fly's do not.
 */
import type { Instant } from "../../core/time.ts";
import { BOUNDS, type Meter } from "./meter.ts";

type Sample = { readonly name: string; readonly labels: string; readonly value: number };

const MEMORY_BYTES = 268_435_456;
const DISK_BLOCKS = 2_000_000;

/** The page that is scraped: what the meters say now. */
export function exposition(meters: readonly Meter[]): string {
  const samples = meters.flatMap(samplesOf);
  const names = [...new Set(samples.map(({ name }) => name))];
  return names
    .flatMap((name) => samples.filter((sample) => sample.name === name))
    .map(({ name, labels, value }) => `${name}{${labels}} ${value}\n`)
    .join("");
}

/**
 * The same samples with their instant, to be gathered into `history`: one list of lines per metric, as OpenMetrics wants
 * all lines of a metric together. `only` names the metrics to be kept; default: all.
 */
export function addHistory(
  history: Map<string, string[]>,
  meters: readonly Meter[],
  at: Instant,
  only?: readonly string[],
): void {
  for (const { name, labels, value } of meters.flatMap(samplesOf)) {
    if (only !== undefined && !only.includes(name)) continue;
    const lines = history.get(name) ?? [];
    lines.push(`${name}{${labels}} ${value} ${at / 1_000}`);
    history.set(name, lines);
  }
}

export function historyText(history: ReadonlyMap<string, readonly string[]>): string {
  return `${[...history.values()].map((lines) => lines.join("\n")).join("\n")}\n# EOF\n`;
}

function samplesOf(meter: Meter): Sample[] {
  const { machine, proxyId, responses, buckets, secondsSum, cpu, concurrency } = meter;
  const { app, region, instance, host } = machine;
  const common = `app="${app}",region="${region}",host="${host}",instance="${instance}"`;
  const sample = (name: string, value: number, more = ""): Sample => ({
    name,
    labels: `${common}${more}`,
    value,
  });
  const proxy = `,proxy_id="${proxyId}"`;
  const bounds = [...BOUNDS.map(String), "+Inf"];
  return [
    ...[...responses].map(([status, count]) =>
      sample("fly_app_http_responses_count", count, `${proxy},status="${status}"`),
    ),
    ...buckets.map((count, i) =>
      sample("fly_app_http_response_time_seconds_bucket", count, `${proxy},le="${bounds[i]}"`),
    ),
    sample("fly_app_http_response_time_seconds_sum", secondsSum, proxy),
    sample("fly_app_http_response_time_seconds_count", buckets.at(-1) ?? 0, proxy),
    sample("fly_app_concurrency", concurrency),
    sample("fly_instance_up", 1),
    sample("fly_instance_cpu", cpu.user, ',cpu_id="0",mode="user"'),
    sample("fly_instance_cpu", cpu.idle, ',cpu_id="0",mode="idle"'),
    sample("fly_instance_memory_mem_total", MEMORY_BYTES),
    sample("fly_instance_memory_mem_available", MEMORY_BYTES * (1 - meter.memoryShare)),
    sample("fly_instance_filesystem_blocks", DISK_BLOCKS, ',mount="/"'),
    sample("fly_instance_filesystem_blocks_avail", DISK_BLOCKS * (1 - meter.diskShare), ',mount="/"'),
  ];
}
