/**
 * HTTP at the level of bytes: a request is what is written to the socket, right or wrong. Any client library would refuse to
 * send most of what an attacker sends. Connections are kept while the other side keeps them.
 */
import { connect, type Socket } from "node:net";

export type RawAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};
/** What became of a request: an answer; or the connection was closed on it, or it was left without an answer. */
export type Exchange = RawAnswer | "closed" | "silent";

const ENOUGH_MS = 5_000;

export type Line = {
  /** Writes the bytes and waits for one answer; `end` closes our side, as one does who announced more than he sent. */
  send(bytes: Buffer, options?: { readonly end?: boolean; readonly noBody?: boolean }): Promise<Exchange>;
  close(): void;
};

export function openLine(port: number): Line {
  let socket: Socket | null = null;

  function send(bytes: Buffer, { end = false, noBody = false } = {}): Promise<Exchange> {
    return new Promise((done) => {
      socket ??= connect({ port, host: "127.0.0.1" });
      const own = socket;
      let received = Buffer.alloc(0);
      const finish = (exchange: Exchange, isReusable: boolean) => {
        clearTimeout(timer);
        own.removeAllListeners();
        own.on("error", () => {});
        if (!isReusable || end) {
          own.destroy();
          socket = null;
        }
        done(exchange);
      };
      const timer = setTimeout(() => finish("silent", false), ENOUGH_MS);
      own.on("data", (chunk) => {
        received = Buffer.concat([received, chunk]);
        const answer = readAnswer(received, noBody);
        if (answer) finish(answer.answer, answer.isReusable && answer.length === received.length);
      });
      own.on("error", () => finish("closed", false));
      own.on("close", () => finish("closed", false));
      own.on("end", () => finish("closed", false));
      if (end) own.end(bytes);
      else own.write(bytes);
    });
  }
  return { send, close: () => socket?.destroy() };
}

/** The first whole answer in the bytes that is not an interim one (1xx). */
function readAnswer(bytes: Buffer, noBody: boolean) {
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd < 0) return null;
  const [first = "", ...lines] = bytes.subarray(0, headEnd).toString("latin1").split("\r\n");
  const status = Number(first.split(" ")[1]);
  if (status < 200) return readAnswer(bytes.subarray(headEnd + 4), noBody);
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const rest = bytes.subarray(headEnd + 4);
  const length = noBody ? 0 : Number(headers["content-length"] ?? 0);
  if (headers["transfer-encoding"] && !noBody && !rest.includes("0\r\n\r\n")) return null;
  if (rest.length < length) return null;
  const body = (headers["transfer-encoding"] ? rest : rest.subarray(0, length)).toString("utf8");
  const isReusable = headers.connection !== "close" && !headers["transfer-encoding"];
  return { answer: { status, headers, body }, isReusable, length: headEnd + 4 + length };
}
