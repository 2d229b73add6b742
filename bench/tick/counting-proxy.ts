/**
 * A TCP door before a server that counts what goes through: bytes each way, and round trips. A round trip is a turn of the
 * talk: the client speaks after the server spoke, or for the first time. So it counts what waiting costs, whatever the
 * protocol packs into one message; with one connection, as an edge function has to Postgres, it is exact.
 */
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export type Counted = { readonly sentBytes: number; readonly receivedBytes: number; readonly turns: number };
export type CountingProxy = { readonly port: number; counts(): Counted; close(): Promise<void> };

export async function startCountingProxy(targetPort: number): Promise<CountingProxy> {
  const counts = { sentBytes: 0, receivedBytes: 0, turns: 0 };
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const target = connect(targetPort, "127.0.0.1");
    let serverSpoke = true;
    for (const socket of [client, target]) {
      socket.setNoDelay(true);
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        target.destroy();
      });
    }
    client.on("data", (chunk) => {
      counts.sentBytes += chunk.length;
      if (serverSpoke) counts.turns += 1;
      serverSpoke = false;
      target.write(chunk);
    });
    target.on("data", (chunk) => {
      counts.receivedBytes += chunk.length;
      serverSpoke = true;
      client.write(chunk);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    counts: () => ({ ...counts }),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
