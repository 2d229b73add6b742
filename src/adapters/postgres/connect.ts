/**
 * One connection, made for edge functions: no prepared statements (the transaction pooler has none), no look-up of types
 * at connect (a round trip), closed when idle, and cut when it is silent for longer than any statement may take: the
 * client itself waits for ever, and with it all that this isolate is asked for afterwards.
 *
 * The trap behind `fetch_types: false`: arrays have no serializer. So lists go in as array literals or JSON in a text
 * parameter with a double cast (`::text::float8[]`), and come out as JSON.
 */
import { connect, Socket } from "node:net";
import postgres from "postgres";
import { StaleFenceError } from "../../errors.ts";

export type Sql = postgres.Sql;
type Address = { readonly host: readonly string[]; readonly port: readonly number[] };

const CONNECT_SECONDS = 10;

/** SQLSTATE that flyahead.require_fence raises. */
const STALE_FENCE = "FA001";

/** @param options.silenceMs without a byte for so long, the connection is cut and what waits for it fails; default: never */
export function connectPostgres(
  url: string,
  { maxConnections = 1, silenceMs }: { maxConnections?: number; silenceMs?: number } = {},
): Sql {
  return postgres(url, {
    max: maxConnections,
    prepare: false,
    fetch_types: false,
    idle_timeout: 20,
    connect_timeout: CONNECT_SECONDS,
    onnotice: () => {},
    // No statement_timeout here: PgBouncer refuses a connection that asks for one. The role has it (docs/install.md).
    connection: { application_name: "flyahead" },
    ...(silenceMs === undefined ? {} : { socket: openSocket(silenceMs) }),
  });
}

/**
 * An option of the client that its types do not name: a socket that is connected. Where that failed it gets one that fails
 * with the reason at its first write: after a rejected promise, or a socket that dies before it, the client would never
 * write again. Silence cuts without an error: what is asked between a socket's error and its close, the client would
 * forget (all of postgres 3.4.9).
 */
function openSocket(silenceMs: number) {
  return async ({ host: [host = ""], port: [port = 0] }: Address): Promise<Socket> => {
    // Named in the client's errors, and to the server where TLS is spoken.
    const named = (socket: Socket) => Object.assign(socket, { host, port });
    const socket = connect(port, host);
    const failure = await new Promise<Error | null>((settle) => {
      socket.once("connect", () => settle(null));
      socket.once("error", settle);
      socket.setTimeout(CONNECT_SECONDS * 1_000, () => {
        socket.destroy(
          new Error(`Postgres at ${host}:${port} took no connection within ${CONNECT_SECONDS} s`),
        );
      });
    });
    if (failure !== null) return named(stillborn(failure));
    socket.removeAllListeners("timeout").removeAllListeners("error");
    return named(socket.setTimeout(silenceMs, () => socket.destroy()));
  };
}

function stillborn(why: Error): Socket {
  const socket = new Socket();
  socket._write = (_chunk, _encoding, done) => done(why);
  return socket;
}

/** Runs a write that is under a fence; a refusal by the fence becomes a StaleFenceError. */
export async function underFence<T>(
  lease: { app: string; fence: number },
  write: () => Promise<T>,
): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof postgres.PostgresError && error.code === STALE_FENCE) {
      throw new StaleFenceError(lease.app, lease.fence);
    }
    throw error;
  }
}

/** '{1,NULL,2.5}' for a text parameter that is cast to an array of numbers. */
export function numberArray(values: readonly (number | null | undefined)[]): string {
  return `{${values.map((value) => value ?? "NULL").join(",")}}`;
}

/** '{"a","b\\"c"}' for a text parameter that is cast to text[]. */
export function textArray(values: readonly string[]): string {
  return `{${values.map((value) => `"${value.replace(/["\\]/g, "\\$&")}"`).join(",")}}`;
}
