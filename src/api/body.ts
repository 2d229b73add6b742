/**
 * Reads a body no longer than it may be: the announced length is checked first, the real one while reading. What is a little
 * too long is read to its end and thrown away, for a caller that still sends cannot hear the answer; more than as much
 * again is cut off.
 */
import type { z } from "zod";
import { Problem } from "./problem.ts";

/** @throws Problem 413 past `limitBytes`, 400 where it is not UTF-8. */
export async function readText(request: Request, limitBytes: number): Promise<string> {
  if (Number(request.headers.get("content-length") ?? 0) > limitBytes) throw tooLarge(limitBytes);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.byteLength;
    if (length > 2 * limitBytes) break;
    if (length <= limitBytes) chunks.push(chunk);
  }
  if (length > limitBytes) throw tooLarge(limitBytes);
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Problem(400, "bad-request", "The body is not UTF-8; send JSON in UTF-8");
  }
}

/** @throws Problem 400 where the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem(400, "bad-request", "The body is not JSON; check for a cut or a stray comma");
  }
}

/** "slot: Invalid ISO datetime" for each fault. */
export function faultsOf(error: z.ZodError): string[] {
  return error.issues.map((issue) =>
    issue.path.length > 0 ? `${issue.path.join(".")}: ${issue.message}` : issue.message,
  );
}

/** @throws Problem 400 with every fault, where the value is not of the shape. */
export function parseAs<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Problem(400, "bad-request", `${what} is not as it should be; correct the faults listed`, {
    more: { faults: faultsOf(parsed.error) },
  });
}

function tooLarge(limitBytes: number): Problem {
  return new Problem(
    413,
    "payload-too-large",
    `The body is over ${limitBytes} bytes; send it in smaller parts`,
  );
}
