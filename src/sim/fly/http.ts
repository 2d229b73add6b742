/**
 * The simulated Fly over HTTP on the loopback interface: /v1/… is Fly's Machines API, /_sim/… is the control of the test.
 *
 * Virtual time and real time meet only here. A call that "hangs" has already used up its virtual wait when it arrives
 * here; the socket then stays silent until the client gives up, at most `hangRealMs`. A "cut" call loses its
 * socket after the engine acted. The trap: server.close() alone waits for silent sockets for ever.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { FlyAnswer } from "./call.ts";
import { control } from "./control.ts";
import type { Fly } from "./fly.ts";
import { refuse } from "./reply.ts";

export type ServeOptions = {
  /** Default 0: a free one. */
  port?: number;
  host?: string;
  /** Real time after which a hanging socket is destroyed. Default 15,000. */
  hangRealMs?: number;
};

export type ServedFly = { url: string; close(): Promise<void> };

const MOST_BYTES = 4 * 1024 * 1024;

/** Serves `fly` until `close()`, which also ends sockets that hang. Rejects when the port is taken. */
export async function serveFly(fly: Fly, options: ServeOptions = {}): Promise<ServedFly> {
  const { port = 0, host = "127.0.0.1", hangRealMs = 15_000 } = options;
  const server = createServer((request, response) => {
    answer(fly, request, response, hangRealMs).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else send(response, { ...refuse(500, `the simulator failed: ${error}`), headers: {} });
    });
  });
  await listen(server, port, host);
  const { port: taken } = server.address() as AddressInfo;
  return { url: `http://${host}:${taken}`, close: () => close(server) };
}

async function answer(
  fly: Fly,
  request: IncomingMessage,
  response: ServerResponse,
  hangRealMs: number,
): Promise<void> {
  const method = request.method ?? "GET";
  const url = new URL(request.url ?? "/", "http://simulated");
  const isControl = url.pathname.startsWith("/_sim/");
  const body = await readBody(request);
  if (isControl) {
    const asked = { method, path: url.pathname, query: url.searchParams, body };
    return send(response, { headers: {}, ...control(fly, asked) });
  }
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, `${value}`]),
  );
  const reply = fly.handle({ method, path: `${url.pathname}${url.search}`, headers, body });
  if (reply.delivery === "cut") return void response.socket?.destroy();
  if (reply.delivery === "hang") return hang(response, hangRealMs);
  send(response, reply);
}

function send(response: ServerResponse, reply: Pick<FlyAnswer, "status" | "headers" | "body">): void {
  const { status, headers, body } = reply;
  if (body === null) return void response.writeHead(status, headers).end();
  const type = { "content-type": "application/json; charset=utf-8" };
  response
    .writeHead(status, { ...type, ...headers })
    .end(typeof body === "string" ? body : JSON.stringify(body));
}

function hang(response: ServerResponse, hangRealMs: number): void {
  const timer = setTimeout(() => response.socket?.destroy(), hangRealMs);
  response.once("close", () => clearTimeout(timer));
}

/** The parsed body; undefined when empty. A text that is no JSON stays a text, which every address refuses. */
async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= MOST_BYTES) chunks.push(chunk);
  }
  if (bytes > MOST_BYTES) return `a body of ${bytes} bytes`;
  const text = Buffer.concat(chunks).toString("utf8");
  if (text.trim() === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
