/**
 * The Redis client as flyahead wants it: strings stay strings, one command is one request, nothing is reported to
 * anybody, and every call ends.
 *
 * The trap: by default the client retries five times, four seconds in all, and sends a write again whose answer was
 * lost. Here one retry, within one timeout for both tries; so every write must be harmless when sent twice. Its errors quote the
 * command, so they are described by describeRedisFailure and never passed on.
 */
import { Redis } from "@upstash/redis";

export type { Redis };

const RETRIES = 1;
const RETRY_AFTER_MS = 50;

/**
 * Nothing is sent yet.
 * @param connection.timeoutMs for one command, its retry included
 * @throws UrlError where the URL is none of http or https
 */
export function connectRedis(connection: {
  readonly url: string;
  readonly token: string;
  readonly timeoutMs: number;
  /** Each request goes out through this; default: as it is. */
  readonly through?: <T>(send: () => Promise<T>) => Promise<T>;
}): Redis {
  const { url, token, timeoutMs, through } = connection;
  const redis = new Redis({
    url,
    token,
    enableTelemetry: false,
    automaticDeserialization: false,
    enableAutoPipelining: false,
    retry: { retries: RETRIES, backoff: () => RETRY_AFTER_MS },
    signal: () => AbortSignal.timeout(timeoutMs),
  });
  if (through !== undefined) redis.use((request, next) => through(() => next(request)));
  return redis;
}
