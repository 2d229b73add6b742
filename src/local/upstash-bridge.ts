// Upstash sells Redis over HTTP; this serves the same HTTP over any Redis, so that the real @upstash clients run locally.
// One Redis connection is shared by all requests: ioredis sends a MULTI…EXEC in one piece, so two cannot mix, but a command
// that changes the connection (SUBSCRIBE, SELECT, WATCH, a bare MULTI) would, and is refused, as Upstash refuses most of them.
// commands() counts as Upstash bills: each command of a pipeline, a script as one plus its inner calls (not those of a
// script that fails); whether MULTI and EXEC themselves are billed is not documented, they are not counted.
import { timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { Redis } from "ioredis";
import { type Argument, createScriptTable, unwrapReply } from "./lua-scripts.ts";
import { BadRequest, type Command, readRestRequest, toJson } from "./upstash-protocol.ts";

export interface UpstashBridge {
  readonly url: string;
  readonly token: string;
  /** Commands so far, as Upstash bills them. */
  commands(): number;
  /** true: connections are cut at once, as when Redis is gone; "silent": requests get no answer at all; false: back. */
  setDown(down: boolean | "silent"): void;
  close(): Promise<void>;
}

type Answer = { result: unknown } | { error: string };

const REFUSED = new Set(
  "AUTH BLMOVE BLMPOP BLPOP BRPOP BRPOPLPUSH BZMPOP BZPOPMAX BZPOPMIN CLIENT DISCARD EXEC HELLO MONITOR MULTI PSUBSCRIBE QUIT RESET SELECT SHUTDOWN SSUBSCRIBE SUBSCRIBE UNWATCH WATCH".split(
    " ",
  ),
);

function checkAllowed(command: Command): void {
  const name = String(command[0]).toUpperCase();
  if (REFUSED.has(name)) throw new BadRequest(`ERR Command is not available: '${name}'`);
}

function sameSecret(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

const failed = (error: unknown): Answer => ({
  error: error instanceof Error ? error.message : String(error),
});

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

// In upper case ioredis knows no command, and so does not turn replies such as HGETALL's into objects.
function split(args: readonly Argument[]): { name: string; rest: Argument[] } {
  return { name: String(args[0]).toUpperCase(), rest: args.slice(1) };
}

/** Runs commands on one Redis connection and answers them in Upstash's form. */
function createRunner(redis: Redis) {
  const scripts = createScriptTable();
  let billed = 0;

  function finish(rewritten: ReturnType<typeof scripts.rewrite>, reply: unknown, base64: boolean): Answer {
    if (reply instanceof Error) return failed(reply);
    if (rewritten.sha) return { result: toJson(rewritten.sha, base64) };
    if (!rewritten.wrapped) return { result: toJson(reply, base64) };
    const { calls, result } = unwrapReply(reply);
    billed += calls;
    return { result: toJson(result, base64) };
  }

  async function single(command: Command, base64: boolean): Promise<Answer> {
    try {
      checkAllowed(command);
      const rewritten = scripts.rewrite(command);
      billed += 1;
      const { name, rest } = split(rewritten.args);
      return finish(rewritten, await redis.callBuffer(name, ...rest), base64);
    } catch (error) {
      return failed(error);
    }
  }

  async function transaction(commands: readonly Command[], base64: boolean): Promise<Answer[]> {
    for (const command of commands) checkAllowed(command);
    const rewritten = commands.map((command) => scripts.rewrite(command));
    billed += commands.length;
    const multi = redis.multi();
    for (const { args } of rewritten) {
      const { name, rest } = split(args);
      multi.callBuffer(name, ...rest);
    }
    const replies = await multi.exec();
    if (!replies) throw new Error("EXECABORT the transaction was not executed");
    return replies.map(([error, reply], index) =>
      error ? failed(error) : finish(rewritten[index]!, reply, base64),
    );
  }

  return { single, transaction, billed: () => billed };
}

async function listen(server: ReturnType<typeof createServer>, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return (server.address() as AddressInfo).port;
}

/**
 * Serves the Redis on 127.0.0.1:`redisPort` as Upstash would.
 * @param token what clients must send as `Authorization: Bearer …` (or `?_token=…`)
 * @param port default: a free one
 * @throws when that Redis cannot be reached, or the port is taken
 */
export async function startUpstashBridge(options: {
  redisPort: number;
  token: string;
  port?: number;
}): Promise<UpstashBridge> {
  const { redisPort, token } = options;
  const redis = new Redis({
    host: "127.0.0.1",
    port: redisPort,
    lazyConnect: true,
    maxRetriesPerRequest: 1,
    enableReadyCheck: false,
  });
  redis.on("error", () => {});
  await redis.connect().catch((error: Error) => {
    redis.disconnect();
    throw new Error(
      `The Upstash bridge cannot reach Redis at 127.0.0.1:${redisPort}: ${error.message}. Start Redis first.`,
    );
  });
  const runner = createRunner(redis);
  let down: boolean | "silent" = false;

  function send(response: ServerResponse, status: number, body: unknown): void {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://bridge");
    const bearer =
      /^Bearer\s+(.*)$/i.exec(request.headers.authorization ?? "")?.[1] ?? url.searchParams.get("_token");
    const body = await readBody(request);
    if (!bearer || !sameSecret(bearer, token)) return send(response, 401, { error: "Unauthorized" });
    const base64 = request.headers["upstash-encoding"] === "base64";
    const asked = readRestRequest(url, body);
    if (asked.kind === "single") {
      const result = await runner.single(asked.command, base64);
      return send(response, "error" in result ? 400 : 200, result);
    }
    if (asked.kind === "multi-exec")
      return send(response, 200, await runner.transaction(asked.commands, base64));
    send(response, 200, await Promise.all(asked.commands.map((command) => runner.single(command, base64))));
  }

  const server = createServer((request, response) => {
    if (down === "silent") return;
    answer(request, response).catch((error) => send(response, 400, failed(error)));
  });
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    if (down === true) socket.resetAndDestroy();
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const port = await listen(server, options.port ?? 0).catch((error) => {
    redis.disconnect();
    throw error;
  });

  return {
    url: `http://127.0.0.1:${port}`,
    token,
    commands: runner.billed,
    setDown(next) {
      down = next;
      if (down === true) for (const socket of sockets) socket.resetAndDestroy();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      redis.disconnect();
    },
  };
}
