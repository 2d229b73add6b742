// A real VictoriaMetrics (Debian's, from PATH), which is what Fly runs, on a free loopback port, with history from OpenMetrics
// text. It speaks Prometheus's query API, and differs where it matters: how far it looks back, what it caches, and that it
// hides the newest half minute.
// The trap: what was imported is not there for queries until it is flushed.
import { onFreePort } from "./free-port.ts";
import type { LocalPrometheus } from "./prometheus.ts";
import { findProgram } from "./redis.ts";
import { startServer } from "./server-process.ts";
import { makeTempFolder } from "./temp-folder.ts";

/**
 * Starts a VictoriaMetrics on 127.0.0.1 with this history (OpenMetrics text with instants).
 * @throws when it is not on PATH, does not start (with its log), or does not take the history
 */
export async function startVictoriaMetrics(history: string): Promise<LocalPrometheus> {
  const command = findProgram("victoria-metrics");
  if (command === undefined)
    throw new Error(
      "There is no victoria-metrics on PATH. Install one (Debian: apt-get install victoria-metrics).",
    );
  const folder = makeTempFolder();
  try {
    const { url, server } = await onFreePort(async (port) => {
      const args = [
        "-retentionPeriod=100y",
        `-httpListenAddr=127.0.0.1:${port}`,
        `-storageDataPath=${folder.path}/data`,
      ];
      const env = { PATH: process.env.PATH ?? "", LC_ALL: "C", HOME: folder.path };
      const ready = /pprof handlers are exposed/;
      const stopSignal = "SIGINT" as const;
      const name = "VictoriaMetrics";
      const server = await startServer({ name, command, args, cwd: folder.path, env, stopSignal, ready });
      return { url: `http://127.0.0.1:${port}`, server };
    });
    const close = async () => {
      await server.stop();
      folder.remove();
    };
    try {
      await post(`${url}/api/v1/import/prometheus`, inMilliseconds(history));
      await post(`${url}/internal/force_flush`, "");
    } catch (error) {
      await close();
      throw error;
    }
    return { url, close };
  } catch (error) {
    folder.remove();
    throw error;
  }
}

/** The import wants milliseconds where OpenMetrics has seconds. */
function inMilliseconds(history: string): string {
  return history
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) =>
      line.replace(/ ([\d.]+)$/, (_, seconds: string) => ` ${Math.round(Number(seconds) * 1_000)}`),
    )
    .join("\n");
}

async function post(url: string, body: string): Promise<void> {
  const answer = await fetch(url, { method: "POST", body });
  const text = await answer.text();
  if (!answer.ok)
    throw new Error(`VictoriaMetrics refused the history with ${answer.status}: ${text.slice(0, 300)}`);
}
