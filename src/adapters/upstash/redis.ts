/**
 * The Redis client as flyahead wants it: strings stay strings, one command is one request, nothing is reported to
 * anybody, and every call ends.
 *
 * The trap: by default the client retries five times, four seconds in all, and sends a write again whose answer was
 * lost. Here one retry, within one timeout for both tries; so every write must be harmless when sent twice. Its errors quote the
 * command, so they are described by describeRedisFailure and never passed on.
 */
import { Redis } from "@upstash/redis";
import { describeRedisFailure } from "./describe-failure.ts";

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
}): Redis {
  const { url, token, timeoutMs } = connection;
  return new Redis({
    url,
    token,
    enableTelemetry: false,
    automaticDeserialization: false,
    enableAutoPipelining: false,
    retry: { retries: RETRIES, backoff: () => RETRY_AFTER_MS },
    signal: () => AbortSignal.timeout(timeoutMs),
  });
}

/** Whether Redis answers. @throws where it does not; the client's error is not passed on, since it quotes the command */
export async function checkRedis(redis: Redis): Promise<void> {
  try {
    await redis.ping();
  } catch (error) {
    throw new Error(`Redis: ${describeRedisFailure(error)}`);
  }
}
