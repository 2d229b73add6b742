// A real Prometheus (Debian's, from PATH) on a free loopback port, with data of its own that is gone at the end: scraping
// what it is told to, or holding history that promtool made from OpenMetrics text.
// The trap is age: blocks older than the retention are deleted at once, so the retention is a hundred years; and scraped
// samples get the real time, whatever a simulator's clock says.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { onFreePort } from "./free-port.ts";
import { findProgram } from "./redis.ts";
import { runToEnd } from "./run-to-end.ts";
import { startServer } from "./server-process.ts";
import { makeTempFolder } from "./temp-folder.ts";

export interface LocalPrometheus {
  readonly url: string;
  close(): Promise<void>;
}

export interface PrometheusOptions {
  /** OpenMetrics text with instants, to be there from the start. */
  readonly history?: string;
  /** host:port of pages to scrape, with labels as they are on the page. */
  readonly targets?: readonly string[];
  readonly scrapeIntervalMs?: number;
}

/**
 * Starts a Prometheus on 127.0.0.1.
 * @throws when it is not on PATH, or does not start (with its log)
 */
export async function startPrometheus(options: PrometheusOptions = {}): Promise<LocalPrometheus> {
  const command = programOf("prometheus");
  const folder = makeTempFolder();
  const env = { PATH: process.env.PATH ?? "", LC_ALL: "C", HOME: folder.path };
  const data = join(folder.path, "data");
  try {
    if (options.history !== undefined) {
      const text = join(folder.path, "history.om");
      writeFileSync(text, options.history);
      // promtool reads the whole text once for each block: large blocks make weeks of history a matter of seconds.
      const args = ["tsdb", "create-blocks-from", "--max-block-duration=768h", "openmetrics", text, data];
      const tool = programOf("promtool");
      await runToEnd({ name: "promtool", command: tool, args, cwd: folder.path, env });
    }
    const config = join(folder.path, "prometheus.json");
    writeFileSync(config, JSON.stringify(configOf(options)));
    const { port, server } = await onFreePort(async (port) => {
      const args = [
        `--config.file=${config}`,
        `--storage.tsdb.path=${data}`,
        "--storage.tsdb.retention.time=100y",
        `--web.listen-address=127.0.0.1:${port}`,
      ];
      const ready = /Server is ready to receive web requests/;
      const stopSignal = "SIGTERM" as const;
      const server = await startServer({
        name: "Prometheus",
        command,
        args,
        cwd: folder.path,
        env,
        stopSignal,
        ready,
      });
      return { port, server };
    });
    return {
      url: `http://127.0.0.1:${port}`,
      async close() {
        await server.stop();
        folder.remove();
      },
    };
  } catch (error) {
    folder.remove();
    throw error;
  }
}

function programOf(name: string): string {
  const found = findProgram(name);
  if (found !== undefined) return found;
  throw new Error(`There is no ${name} on PATH. Install one (Debian: apt-get install prometheus).`);
}

/** JSON is YAML. The page's own labels win over those that Prometheus would add. */
function configOf({ targets = [], scrapeIntervalMs = 15_000 }: PrometheusOptions) {
  const interval = `${scrapeIntervalMs}ms`;
  return {
    global: { scrape_interval: interval, scrape_timeout: interval },
    scrape_configs:
      targets.length === 0 ? [] : [{ job_name: "fly", honor_labels: true, static_configs: [{ targets }] }],
  };
}
