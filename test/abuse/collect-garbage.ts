/**
 * Asks a Deno that was started with `--inspect` to give back what is garbage, as V8 does where memory runs low. What is still
 * resident then is what the function holds, by whatever heap it was given: a number that chance does not move.
 *
 * Node 20 has no WebSocket of its own, and two frames need no library.
 */
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { connect } from "node:net";
import type { DenoFunction } from "../../src/local/deno.ts";

const ADDRESS = /Debugger listening on ws:\/\/127\.0\.0\.1:\d+(\/\S+)/;
/** As /proc/net/tcp has it. */
const LISTEN = "0A";
const ENOUGH_MS = 20_000;

export type Inspector = { readonly port: number; readonly path: string };

/** Deno writes port 0 where it was asked for any: the one it took is the process's other listening socket. */
export function inspectorOf({ pid, url, log }: DenoFunction): Inspector {
  const [, path] = ADDRESS.exec(log()) ?? [];
  const port = listeningPorts(pid).find((one) => one !== Number(new URL(url).port));
  if (path === undefined || port === undefined)
    throw new Error("No inspector was started: --inspect is missing");
  return { port, path };
}

function listeningPorts(pid: number): number[] {
  const files = readdirSync(`/proc/${pid}/fd`).map((fd) => readLink(`/proc/${pid}/fd/${fd}`));
  const lines = readFileSync("/proc/net/tcp", "utf8").trim().split("\n").slice(1);
  return lines.flatMap((line) => {
    const [, local = "", , state, , , , , , inode] = line.trim().split(/\s+/);
    const isMine = state === LISTEN && files.includes(`socket:[${inode}]`);
    return isMine ? [Number.parseInt(local.split(":")[1] ?? "", 16)] : [];
  });
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

export async function collectGarbage({ port, path }: Inspector): Promise<void> {
  const socket = connect({ port, host: "127.0.0.1" });
  let received = "";
  const until = (sign: string) =>
    new Promise<void>((done, fail) => {
      const timer = setTimeout(
        () => fail(new Error(`The inspector did not say ${sign}: ${received}`)),
        ENOUGH_MS,
      );
      const look = () => {
        if (!received.includes(sign)) return;
        clearTimeout(timer);
        done();
      };
      socket.on("data", (chunk) => {
        received += chunk.toString("latin1");
        look();
      });
      socket.on("error", fail);
    });
  try {
    const key = randomBytes(16).toString("base64");
    const upgrade = ["upgrade: websocket", "connection: Upgrade", "sec-websocket-version: 13"];
    const head = [`GET ${path} HTTP/1.1`, "host: 127.0.0.1", ...upgrade, `sec-websocket-key: ${key}`];
    socket.write(`${head.join("\r\n")}\r\n\r\n`);
    await until("\r\n\r\n");
    socket.write(textFrame(JSON.stringify({ id: 7, method: "HeapProfiler.collectGarbage" })));
    await until('"id":7');
  } finally {
    socket.destroy();
  }
}

/** Under 126 bytes; a client's frames are masked, here with zeros. */
function textFrame(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);
}
