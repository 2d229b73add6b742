/**
 * Reads a body no longer than it may be, in no more time than it may take. The announced length is checked before anything
 * else is done for the caller, the real one while reading.
 *
 * The trap: a caller that still sends cannot hear the answer. So what is refused is read on and thrown away, up to twice the
 * limit and for a moment; more is cut off.
 */
import type { z } from "zod";
import { Problem } from "./problem.ts";
import type { BodyRule } from "./route.ts";
import { within } from "./within.ts";

const DEADLINE_MS = 30_000;
const DRAIN_MS = 1_000;

/** @throws Problem 413 where the body is announced longer than it may be. */
export function refuseAnnounced(request: Request, limitBytes: number): void {
  if (Number(request.headers.get("content-length") ?? 0) > limitBytes) throw tooLarge(limitBytes);
}

/** @throws Problem 415 on a media type that the rule does not name; none at all is taken for its first. */
export function refuseType(request: Request, { types }: BodyRule): void {
  const known = Object.keys(types);
  const given = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (given && !known.includes(given))
    throw new Problem("unsupported-media-type", `Send the body as ${known.join(" or ")}`);
  const encoding = request.headers.get("content-encoding")?.trim().toLowerCase() ?? "identity";
  if (encoding !== "identity" && encoding !== "")
    throw new Problem("unsupported-media-type", "Send the body as it is, without Content-Encoding");
}

/** @throws Problem 413 past `limitBytes`, 408 past the deadline, 400 where it is not UTF-8. */
export async function readText(
  request: Request,
  limitBytes: number,
  deadlineMs = DEADLINE_MS,
): Promise<string> {
  refuseAnnounced(request, limitBytes);
  const { chunks, length } = await readBytes(request, limitBytes, limitBytes, deadlineMs);
  if (length > limitBytes) throw tooLarge(limitBytes);
  return decode(chunks, length);
}

/** No more than twice the limit, of which nothing past `keptBytes` is kept. @throws Problem 408 past the deadline */
async function readBytes(request: Request, limitBytes: number, keptBytes: number, deadlineMs: number) {
  const reader = request.body?.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  const readAll = async () => {
    for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
      length += part.value.byteLength;
      if (length > 2 * limitBytes) return;
      if (length <= keptBytes) chunks.push(part.value);
    }
  };
  // The runtime's own words say how the connection failed, and are nobody's business.
  const broken = () =>
    Promise.reject(new Problem("bad-request", "The body broke off, or its framing is wrong"));
  try {
    await within(
      deadlineMs,
      readAll().catch(broken),
      () => new Problem("too-slow", "The body came too slowly; send it again"),
    );
    return { chunks, length };
  } finally {
    reader?.cancel().catch(() => {});
  }
}

/** Throws away what a refused caller still sends, no more than twice the limit. Never throws. */
export async function drain(request: Request, limitBytes: number): Promise<void> {
  if (request.body === null || request.bodyUsed) return;
  await readBytes(request, limitBytes, 0, DRAIN_MS).catch(() => {});
}

function decode(chunks: readonly Uint8Array[], length: number): string {
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Problem("bad-request", "The body is not UTF-8; send JSON in UTF-8");
  }
}

/** @throws Problem 400 where the text is not JSON, or nested too deep; 413 where it holds too many values. */
export function parseJson(text: string): unknown {
  refuseBulk(text);
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem("bad-request", "The body is not JSON; check for a cut or a stray comma");
  }
}

/** Of nothing that is read here more than this makes sense: samples are lists of flat objects, 13 values each. */
const DEEPEST = 32;
const MOST_VALUES = 100_000;
const [QUOTE, BACKSLASH] = [0x22, 0x5c];

/**
 * Four megabytes of brackets become two hundred of objects, so they are counted before any of them is made.
 * @throws Problem 400, 413
 */
function refuseBulk(text: string): void {
  let [depth, values] = [0, 0];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) i = endOfString(text, i);
    // An object or a list begins or ends, or another value follows: { [ } ] ,
    else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      values += 1;
    } else if (code === 0x7d || code === 0x5d) depth -= 1;
    else if (code === 0x2c) values += 1;
    if (depth > DEEPEST) throw new Problem("bad-request", `The body is nested deeper than ${DEEPEST} levels`);
    if (values > MOST_VALUES)
      throw new Problem(
        "payload-too-large",
        `The body holds more than ${MOST_VALUES} values; send less at once`,
      );
  }
}

/** Where the string that begins at `start` ends. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at;
    if (code === BACKSLASH) at += 1;
  }
  return text.length;
}

/** A fault quotes names that the caller chose; an answer may not grow with them. */
const FAULT_LIMIT = 300;
const MOST_FAULTS = 50;

/** "slot: Invalid ISO datetime" for each fault. */
export function faultsOf(error: z.ZodError): string[] {
  const lines = error.issues.map((issue) =>
    issue.path.length > 0 ? `${issue.path.join(".")}: ${issue.message}` : issue.message,
  );
  return lines.slice(0, MOST_FAULTS).map((line) => line.slice(0, FAULT_LIMIT));
}

/** @throws Problem 400 with every fault, where the value is not of the shape. */
export function parseAs<S extends z.ZodType>(schema: S, value: unknown, what: string): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Problem("bad-request", `${what} is not as it should be; correct the faults listed`, {
    more: { faults: faultsOf(parsed.error) },
  });
}

/** The query as an object. @throws Problem 400 where a name is given twice: which one counts would be a guess. */
export function queryOf(url: URL): Record<string, string> {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const name of url.searchParams.keys()) (seen.has(name) ? twice : seen).add(name);
  if (twice.size > 0)
    throw new Problem("bad-request", "The query gives a name twice; give each once", {
      more: { faults: [...twice].slice(0, 10).map((name) => `${name.slice(0, 40)}: given more than once`) },
    });
  return Object.fromEntries(url.searchParams);
}

function tooLarge(limitBytes: number): Problem {
  return new Problem("payload-too-large", `The body is over ${limitBytes} bytes; send it in smaller parts`);
}
