// The door in front of the functions, as Supabase has one: /functions/v1/<slug>/rest goes to the process that serves
// <slug>, which sees the path /<slug>/rest. Bodies are streamed both ways. The trap: connections are not reused, since a
// function may be restarted between two calls and a kept connection would then fail a call for no fault of the function.
import {
  Agent,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";

export interface Gateway {
  /** Without a slash at the end. */
  readonly url: string;
  /** `url` + /functions/v1, where the slugs are. */
  readonly functionsUrl: string;
  close(): Promise<void>;
}

const HOP_BY_HOP = new Set([
  "connection",
  "host",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

function problem(response: ServerResponse, status: number, title: string, detail: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, { "content-type": "application/problem+json" });
  response.end(JSON.stringify({ type: "about:blank", title, status, detail }));
}

function withoutHopByHop(headers: IncomingMessage["headers"]): IncomingMessage["headers"] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name)));
}

/**
 * Starts the gateway on 127.0.0.1.
 * @param slugs the functions that `/_health` lists
 * @param target where a slug is served now, such as `http://127.0.0.1:4000`; undefined while it is not up
 */
export async function startGateway(options: {
  slugs: readonly string[];
  target: (slug: string) => string | undefined;
  port?: number;
}): Promise<Gateway> {
  const { slugs, target } = options;
  const agent = new Agent({ keepAlive: false });

  function forward(
    base: string,
    slug: string,
    path: string,
    incoming: IncomingMessage,
    response: ServerResponse,
  ): void {
    const headers = { ...withoutHopByHop(incoming.headers), "x-forwarded-host": incoming.headers.host ?? "" };
    const outgoing = httpRequest(
      new URL(path, base),
      { method: incoming.method, headers, agent },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, withoutHopByHop(answer.headers));
        answer.on("error", () => response.destroy());
        answer.pipe(response);
      },
    );
    outgoing.on("error", (error) =>
      problem(
        response,
        502,
        "Function is away",
        `The function ${slug} at ${base} did not answer: ${error.message}. See its log.`,
      ),
    );
    // A function may answer before it has read the whole request; the rest is read away, or it would stand in the way of
    // the connection's next request.
    response.on("finish", () => incoming.unpipe(outgoing).resume());
    response.on("close", () => outgoing.destroy());
    incoming.pipe(outgoing);
  }

  function answer(incoming: IncomingMessage, response: ServerResponse): void {
    const url = incoming.url ?? "/";
    if (url === "/_health") {
      const functions = Object.fromEntries(slugs.map((slug) => [slug, target(slug) ? "up" : "away"]));
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ functions }));
      return;
    }
    const match = /^\/functions\/v1(\/([^/?]+).*)$/.exec(url);
    const [, path = "", slug = ""] = match ?? [];
    const base = target(slug);
    if (!slugs.includes(slug)) {
      const known = slugs.map((name) => `/functions/v1/${name}`).join(", ");
      problem(
        response,
        404,
        "No such function",
        `There is nothing at ${url}. There is: ${known || "no function"}, /_health.`,
      );
    } else if (base) forward(base, slug, path, incoming, response);
    else problem(response, 502, "Function is away", `The function ${slug} is not running (yet).`);
  }

  const server = createServer(answer);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    functionsUrl: `${url}/functions/v1`,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
