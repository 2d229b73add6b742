// Servers that cannot say which port they chose must be told one. Between our asking and their binding another process
// can take it, so the start is tried again on a fresh port when the log says that the address is in use.
// The port comes from below what systems hand out by themselves (32768 on Linux, 49152 elsewhere): a server that is
// taken down for a while and comes back must not find its port given to a passing connection.
import { randomInt } from "node:crypto";
import { createServer } from "node:net";

const LOWEST = 20_000;
const HIGHEST = 32_000;
const PROBES = 50;

/** A TCP port of 127.0.0.1 that nothing listens on right now. */
export async function findFreePort(): Promise<number> {
  for (let probe = 0; probe < PROBES; probe += 1) {
    const port = randomInt(LOWEST, HIGHEST);
    if (await isFree(port)) return port;
  }
  throw new Error(
    `No free port on 127.0.0.1: ${PROBES} between ${LOWEST} and ${HIGHEST} were tried. Stop some servers and try again.`,
  );
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}

/** Runs `start` with a free port, up to three times when the port was taken meanwhile. */
export async function onFreePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(await findFreePort());
    } catch (error) {
      if (attempt === 3 || !/in use/i.test(String(error))) throw error;
    }
  }
}
