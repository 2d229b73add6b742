/**
 * A door in front of the simulated Fly that a test can hold shut: a call that matches waits there, before it reaches Fly,
 * until it is released. So a test stops a real function in the middle of a tick, for as long as it needs, without
 * counting on time.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Held = { readonly arrived: Promise<void>; release(): void };
export type FlyGate = {
  readonly url: string;
  /** Holds the next call whose "METHOD /path" matches. */
  hold(call: RegExp): Held;
  close(): Promise<void>;
};

type Rule = { call: RegExp; arrive: () => void; opened: Promise<void> };

export async function startFlyGate(flyUrl: string): Promise<FlyGate> {
  const rules: Rule[] = [];
  const server = createServer((request, response) => {
    forward(flyUrl, rules, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hold(call) {
      let arrive = () => {};
      let release = () => {};
      const arrived = new Promise<void>((resolve) => {
        arrive = resolve;
      });
      const opened = new Promise<void>((resolve) => {
        release = resolve;
      });
      rules.push({ call, arrive, opened });
      return { arrived, release };
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function forward(flyUrl: string, rules: Rule[], request: IncomingMessage, response: ServerResponse) {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const index = rules.findIndex(({ call }) => call.test(`${request.method} ${request.url}`));
  const [rule] = index < 0 ? [] : rules.splice(index, 1);
  rule?.arrive();
  await rule?.opened;
  const body = Buffer.concat(chunks);
  const nonce = request.headers["fly-machine-lease-nonce"];
  const answer = await fetch(`${flyUrl}${request.url}`, {
    method: request.method ?? "GET",
    headers: {
      authorization: request.headers.authorization ?? "",
      "content-type": request.headers["content-type"] ?? "application/json",
      ...(typeof nonce === "string" ? { "fly-machine-lease-nonce": nonce } : {}),
    },
    ...(body.length > 0 ? { body } : {}),
  });
  const told = { "x-simulated-now": answer.headers.get("x-simulated-now") ?? "" };
  response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "", ...told });
  response.end(Buffer.from(await answer.arrayBuffer()));
}
