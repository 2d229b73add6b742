/**
 * A door before Postgres: bytes go through as they are, and a statement is known by its text, which the client sends in one
 * piece at the beginning of what it writes (Parse, in the extended protocol).
 *
 * The trap is the cut after the server acted. A statement with parameters is first described to the client, which only then
 * binds and executes it; so the answer goes by up to BindComplete, and is kept from there to ReadyForQuery, which says
 * that the statement is committed.
 */

import type { AddressInfo } from "node:net";
import { connect, createServer, type Socket } from "node:net";
import { createAmbush, type Door, type Harm, LATE_MS, type VirtualTime } from "./harm.ts";

const BOUND = "2".charCodeAt(0);
const READY = "Z".charCodeAt(0);

/** @param target a postgres:// URL; the door's own URL differs from it in the port alone */
export async function openPostgresDoor(target: string, time: VirtualTime): Promise<Door> {
  const { port } = new URL(target);
  const ambush = createAmbush();
  const open = new Set<Socket>();

  function enter(client: Socket): void {
    const server = connect(Number(port), "127.0.0.1");
    let harm: Harm | null = null;
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      open.add(one);
      one.setNoDelay(true);
      one.on("error", () => {});
      one.on("close", () => {
        open.delete(one);
        other.destroy();
      });
    }
    client.on("data", (bytes) => {
      if (harm?.how === "drop") return;
      harm ??= ambush.spring(bytes.toString("latin1"));
      if (harm?.how === "late") time.sleep(LATE_MS);
      if (harm !== null && harm.how !== "cut") harm.struck?.();
      if (harm?.how === "drop") return;
      if (harm?.how !== "cut") harm = null;
      server.write(bytes);
    });
    const cutAt = cutter();
    server.on("data", (bytes) => {
      if (harm?.how !== "cut") return void client.write(bytes);
      const { before, isDone } = cutAt(bytes);
      client.write(before);
      if (!isDone) return;
      harm.struck?.();
      client.destroy();
    });
  }

  const server = createServer(enter);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = new URL(target);
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    arm: ambush.arm,
    settle: async () => ambush.disarm(),
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Of the server's messages, a letter and a length each: those before the statement is bound, and whether it has ended. */
function cutter(): (bytes: Buffer) => { before: Buffer; isDone: boolean } {
  let rest = Buffer.alloc(0);
  let isBound = false;
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    const before: Buffer[] = [];
    while (rest.length >= 5) {
      const length = 1 + rest.readUInt32BE(1);
      if (rest.length < length) break;
      const message = rest.subarray(0, length);
      rest = rest.subarray(length);
      if (message[0] === BOUND) isBound = true;
      if (!isBound) before.push(message);
      else if (message[0] === READY) return { before: Buffer.concat(before), isDone: true };
    }
    return { before: Buffer.concat(before), isDone: false };
  };
}
