/** The metrics page on loopback, for a Prometheus to scrape. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export type ServedMetrics = {
  /** Such as "127.0.0.1:4001"; the page is /metrics. */
  readonly target: string;
  close(): Promise<void>;
};

/** Serves `page` until `close()`; what it throws is answered with 500, as by an exporter that fails. */
export async function serveMetrics(page: () => string): Promise<ServedMetrics> {
  const server = createServer((request, response) => {
    if (request.url !== "/metrics") return void response.writeHead(404).end();
    try {
      const text = page();
      response.writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }).end(text);
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    target: `127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
