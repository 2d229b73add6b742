/**
 * A door over HTTP. The trap is time: the caller's patience is real (shortened by the test), while half a minute is the
 * simulator's. So when a caller gives up, the simulator's clock is moved by as much as the caller's patience would have
 * taken, and a late call is due when it shows half a minute.
 */
import { createServer, type IncomingMessage, type ServerResponse, request as send } from "node:http";
import type { AddressInfo } from "node:net";
import { createAmbush, type Door, type Harm, LATE_MS, type VirtualTime } from "./harm.ts";

export type Call = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
};
export type Answer = { status: number; headers: IncomingMessage["headers"]; body: Buffer };

/** @param patienceMs how long the caller waits for an answer, by the product's own settings */
export async function openHttpDoor(target: string, patienceMs: number, time: VirtualTime): Promise<Door> {
  const ambush = createAmbush();
  const late: { dueAt: number; call: Call }[] = [];
  const giving = new Set<Promise<void>>();

  async function deliver(isDue: (dueAt: number) => boolean): Promise<void> {
    for (const { dueAt, call } of late.splice(0)) {
      if (!isDue(dueAt)) {
        late.push({ dueAt, call });
        continue;
      }
      time.advanceTo(Math.max(time.now(), dueAt));
      await forward(target, call).catch(() => {});
    }
  }

  async function strike({ how, struck }: Harm, call: Call, response: ServerResponse): Promise<void> {
    const calledAt = time.now();
    if (how === "cut") {
      await forward(target, call);
      struck?.();
      return void response.destroy();
    }
    struck?.();
    if (how === "pass") return passOn(call, response);
    await new Promise((gone) => response.once("close", gone));
    time.sleep(patienceMs);
    if (how === "late") late.push({ dueAt: calledAt + LATE_MS, call });
  }

  async function passOn(call: Call, response: ServerResponse): Promise<void> {
    await deliver((dueAt) => dueAt <= time.now());
    const { status, headers, body } = await forward(target, call);
    response.writeHead(status, headers).end(body);
  }

  const { url, close } = await listen(async (call, response) => {
    const harm = ambush.spring(`${call.method} ${call.path} ${call.body.toString("utf8")}`);
    if (harm === null) return passOn(call, response);
    const striking = strike(harm, call, response);
    giving.add(striking);
    await striking.finally(() => giving.delete(striking));
  });
  return {
    url,
    close,
    arm: ambush.arm,
    async settle() {
      await Promise.allSettled(giving);
      await deliver(() => true);
      return ambush.disarm();
    },
  };
}

/** @param change what the caller sees of the answer */
export function openPlainDoor(
  target: string,
  change: (answer: Answer, call: Call) => Answer,
): Promise<Listening> {
  return listen(async (call, response) => {
    const { status, headers, body } = change(await forward(target, call), call);
    response.writeHead(status, headers).end(body);
  });
}

type Listening = Pick<Door, "url" | "close">;

async function listen(enter: (call: Call, response: ServerResponse) => Promise<void>): Promise<Listening> {
  const server = createServer((request, response) => {
    const { method = "GET", url: path = "/", headers } = request;
    read(request)
      .then((body) => enter({ method, path, headers, body }, response))
      .catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function forward(target: string, { method, path, headers, body }: Call): Promise<Answer> {
  const { host } = new URL(target);
  return new Promise((resolve, reject) => {
    const own = { ...headers, host, connection: "close" };
    const outgoing = send(`${target}${path}`, { method, headers: own }, (answer) => {
      read(answer).then(
        (bytes) => resolve({ status: answer.statusCode ?? 502, headers: answer.headers, body: bytes }),
        reject,
      );
    });
    outgoing.once("error", reject);
    outgoing.end(body);
  });
}

async function read(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
