// The shape of Upstash's REST interface, as values: which commands a request asks for, and how a Redis reply becomes JSON.
// A request is a JSON array (one command), an array of arrays (/pipeline, /multi-exec), or a path (/set/key/value?EX=9).
// The trap: with `Upstash-Encoding: base64`, which the client always sends, every string is encoded, except a plain OK.
import type { Argument } from "./lua-scripts.ts";

export type Command = readonly [Argument, ...Argument[]];
export type RestRequest =
  | { readonly kind: "single"; readonly command: Command }
  | { readonly kind: "pipeline" | "multi-exec"; readonly commands: readonly Command[] };

/** A request that Upstash would answer with status 400 and {error}. */
export class BadRequest extends Error {}

function readCommand(value: unknown, where: string): Command {
  if (!Array.isArray(value) || value.length === 0)
    throw new BadRequest(`ERR empty or invalid command${where}`);
  const args = value.map((item, index): Argument => {
    if (typeof item === "string" || typeof item === "number") return item;
    if (typeof item === "boolean") return String(item);
    if (index > 0 && typeof item === "object" && item !== null) return JSON.stringify(item);
    throw new BadRequest(`ERR invalid argument ${index}${where}: it must be a string or a number`);
  });
  return args as unknown as Command;
}

function readJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw new BadRequest("ERR failed to parse the request body: it must be a JSON array");
  }
}

function readPath(url: URL, body: Buffer): Command {
  const args: Argument[] = url.pathname.slice(1).split("/").map(decodeURIComponent);
  if (body.length > 0) args.push(body);
  for (const [name, value] of url.searchParams)
    if (name !== "_token") args.push(name, ...(value === "" ? [] : [value]));
  return args as unknown as Command;
}

/** Reads one HTTP request. Throws BadRequest with the text for {error}. */
export function readRestRequest(url: URL, body: Buffer): RestRequest {
  const kind = url.pathname.slice(1);
  if (kind === "") return { kind: "single", command: readCommand(readJson(body), "") };
  if (kind !== "pipeline" && kind !== "multi-exec") return { kind: "single", command: readPath(url, body) };
  const list = readJson(body);
  if (!Array.isArray(list) || list.length === 0)
    throw new BadRequest(`ERR /${kind} takes a non-empty array of commands`);
  return { kind, commands: list.map((item, index) => readCommand(item, ` at index ${index}`)) };
}

/** A reply of ioredis' Buffer calls as the JSON value that Upstash answers. */
export function toJson(reply: unknown, base64: boolean): unknown {
  if (Buffer.isBuffer(reply)) {
    const text = reply.toString("utf8");
    return !base64 || text === "OK" ? text : reply.toString("base64");
  }
  if (Array.isArray(reply)) return reply.map((item) => toJson(item, base64));
  if (typeof reply === "string")
    return !base64 || reply === "OK" ? reply : Buffer.from(reply, "utf8").toString("base64");
  return typeof reply === "bigint" ? Number(reply) : (reply ?? null);
}
