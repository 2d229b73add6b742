/**
 * Requests as nobody should send them, for one function, drawn by seeded chance: the same seed is the same ten thousand.
 * About a third is almost right, since what is far off is refused at the door and tries nothing behind it.
 */
import { createRandom, type Random } from "../../src/sim/random.ts";
import { heavy, json, NUMBERS, spoiled, TIMES, word } from "./hostile.ts";

export type HostileRequest = {
  readonly bytes: Buffer;
  /** Our side is closed after the bytes: more was announced than is sent. */
  readonly end: boolean;
  /** HEAD: the answer has no body. */
  readonly noBody: boolean;
};

export type Target = {
  readonly slug: "auto-scaling" | "traffic" | "status";
  /** Valid, with every scope that the function asks for, for app shop alone. */
  readonly token: string;
  /** Numbers of pools: of shop, and of an app that the token is not for. */
  readonly pools: readonly number[];
  /** A minute that may be reported. */
  readonly minute: string;
};

const METHODS = [
  "GET",
  "POST",
  "PUT",
  "DELETE",
  "HEAD",
  "OPTIONS",
  "PATCH",
  "TRACE",
  "constructor",
  "__proto__",
  "get",
];

export function createRequests(seed: string, target: Target): () => HostileRequest {
  const chance = createRandom(seed).fork(target.slug);
  return () => draw(chance, target);
}

function draw(chance: Random, target: Target): HostileRequest {
  const method = chance.next() < 0.85 ? chance.pick(goodMethods(target)) : chance.pick(METHODS);
  const body = method === "GET" || method === "HEAD" ? Buffer.alloc(0) : bodyOf(chance, target);
  const headers = headersOf(chance, target);
  const path = pathOf(chance, target);
  const lie = chance.next();
  const length = body.length > 0 || method === "POST" ? [`content-length: ${body.length}`] : [];
  const whole = (lines: readonly string[], rest: Buffer = body, first = `${method} ${path} HTTP/1.1`) =>
    Buffer.concat([
      Buffer.from(`${[first, "host: 127.0.0.1", ...lines].join("\r\n")}\r\n\r\n`, "latin1"),
      rest,
    ]);
  const common = { noBody: method === "HEAD", end: false };
  if (lie > 0.08) return { ...common, bytes: whole([...length, ...headers]) };
  return { ...common, ...malformed(chance, whole, headers, body) };
}

const goodMethods = ({ slug }: Target) =>
  slug === "status" ? ["GET"] : slug === "traffic" ? ["POST", "POST", "POST", "GET"] : ["POST"];

type Whole = (lines: readonly string[], rest?: Buffer, first?: string) => Buffer;

/** Wrong at the level of HTTP itself. */
function malformed(chance: Random, whole: Whole, headers: readonly string[], body: Buffer) {
  const length = `content-length: ${body.length}`;
  return chance.pick<() => { bytes: Buffer; end: boolean }>([
    () => ({ bytes: whole([`content-length: ${body.length + 10}`, ...headers]), end: true }),
    () => ({
      bytes: whole([
        `content-length: ${chance.pick(["-1", "1e3", "0x10", "99999999999999999999", " "])}`,
        ...headers,
      ]),
      end: true,
    }),
    () => ({ bytes: whole([length, `content-length: ${body.length + 1}`, ...headers]), end: true }),
    () => ({
      bytes: whole(
        [length, "transfer-encoding: chunked", ...headers],
        Buffer.from("0\r\n\r\nGET /x HTTP/1.1\r\n\r\n"),
      ),
      end: true,
    }),
    () => ({
      bytes: whole(["transfer-encoding: chunked", ...headers], Buffer.from("zz\r\nnot a chunk\r\n")),
      end: true,
    }),
    () => ({
      bytes: whole(
        ["transfer-encoding: chunked", ...headers],
        Buffer.from('5\r\n[{"a"\r\n3\r\n:1}\r\n1\r\n]\r\n0\r\n\r\n'),
      ),
      end: false,
    }),
    () => ({
      bytes: whole([length, ...headers], body, `POST /${"a".repeat(chance.pick([5_000, 70_000]))} HTTP/1.1`),
      end: true,
    }),
    () => ({
      bytes: whole(
        [length, ...headers],
        body,
        chance.pick(["GET / HTTP/9.9", "GET", "POST  /  HTTP/1.1", "\u0000\u0001", "PRI * HTTP/2.0"]),
      ),
      end: true,
    }),
    () => ({ bytes: whole([length, "bad header", ": empty", "x\u0001: 1", ...headers]), end: true }),
    () => ({
      bytes: whole([
        length,
        ...Array.from({ length: 300 }, (_, i) => `x-${i}: ${"y".repeat(200)}`),
        ...headers,
      ]),
      end: true,
    }),
    () => ({
      bytes: whole([length, "expect: 100-continue", "upgrade: websocket", "connection: upgrade", ...headers]),
      end: true,
    }),
    () => ({ bytes: Buffer.from(Array.from({ length: 200 }, () => chance.int(0, 255))), end: true }),
    () => ({ bytes: whole([length, ...headers]).subarray(0, chance.int(1, 60)), end: true }),
  ])();
}

function headersOf(chance: Random, { token }: Target): string[] {
  const pick = (share: number, ...lines: string[]) => (chance.next() < share ? [chance.pick(lines)] : []);
  const clean = (text: string) => text.replace(/\p{Cc}/gu, "?");
  const authorization =
    chance.next() < 0.45
      ? [`authorization: Bearer ${token}`]
      : pick(
          0.8,
          "authorization: Bearer fa_unknown_unknown_unknown",
          "authorization: Basic YTpi",
          `authorization: Bearer ${"x".repeat(chance.pick([15, 512, 513, 6_000]))}`,
          `authorization: Bearer ${token} ${token}`,
          `authorization: Bearer ${token}\u00e9`,
          `authorization: ${clean(word(chance)).slice(0, 2_000)}`,
          `apikey: ${token}`,
        );
  return [
    ...authorization,
    ...(chance.next() < 0.8
      ? ["content-type: application/json"]
      : pick(
          0.7,
          "content-type: text/html",
          "content-type: application/x-ndjson; charset=utf-16",
          "content-type: multipart/form-data; boundary=",
          `content-type: ${clean(word(chance)).slice(0, 500)}`,
        )),
    ...pick(0.05, "content-encoding: gzip", "content-encoding: br, identity", "accept-encoding: gzip;q=NaN"),
    ...pick(
      0.1,
      "idempotency-key: same-key",
      `idempotency-key: ${chance.int(0, 5)}`,
      `idempotency-key: ${clean(word(chance)).slice(0, 400)}`,
      `idempotency-key: ${"k".repeat(256)}`,
    ),
    ...pick(
      0.1,
      "cf-connecting-ip: ::1",
      "cf-connecting-ip: ' or 1=1",
      `cf-connecting-ip: 10.0.0.${chance.int(0, 255)}`,
      `cf-connecting-ip: ${":".repeat(3_000)}`,
    ),
    ...pick(
      0.05,
      "x-forwarded-for: 127.0.0.1",
      "x-http-method-override: DELETE",
      "x-original-url: /admin",
      "host: evil.example",
      "origin: null",
      "cookie: a=b; a=b",
      "range: bytes=0-0,-1",
    ),
    ...pick(0.02, "connection: close"),
  ];
}

function pathOf(chance: Random, { slug, pools }: Target): string {
  const odd = () => encodeURI(word(chance).replace(/[\ud800-\udfff]/g, "")).slice(0, 3_000);
  const query = () =>
    `${encodeURIComponent(chance.pick(["app", "region", "minutes", "decisions", "processGroup", "__proto__", "x"]))}=${chance.next() < 0.5 ? odd() : chance.pick(NUMBERS)}`;
  if (chance.next() < 0.06)
    return chance.pick([
      `/${odd()}`,
      `/${slug}/${odd()}`,
      `/${slug}/../${slug}`,
      "//",
      "/%",
      "/%ff%fe",
      "*",
      "http://evil.example/x",
      `/${slug}?${"a=1&".repeat(500)}`,
      "/\u00e9",
    ]);
  if (slug === "status") {
    const place = chance.pick([
      "/health",
      "/ready",
      "/pools",
      "/pools/",
      "/openapi.json",
      ...pools.flatMap((id) => [`/pools/${id}`, `/pools/${id}`]),
      `/pools/${chance.pick(NUMBERS)}`,
      `/pools/${odd()}`,
    ]);
    return `/status${place}${chance.next() < 0.3 ? `?${query()}` : ""}`;
  }
  if (slug === "traffic" && chance.next() < 0.5) {
    const app = chance.pick(["shop", "blog", odd()]);
    const good = `app=${app}&region=${chance.pick(["fra", "syd", odd()])}`;
    return `/traffic?${good}${chance.next() < 0.5 ? `&minutes=${chance.pick([...NUMBERS, "10", "10080"])}` : ""}${chance.next() < 0.2 ? `&${query()}` : ""}`;
  }
  return `/${slug}${chance.next() < 0.1 ? `?${query()}` : ""}`;
}

function bodyOf(chance: Random, target: Target): Buffer {
  const good = target.slug === "traffic" ? samples(chance, target) : tick(chance);
  const kind = chance.next();
  if (kind < 0.35) return Buffer.from(good);
  if (kind < 0.55) return spoiled(chance, good);
  if (kind < 0.95) return Buffer.from(json(chance));
  return Buffer.from(heavy(chance));
}

/** A tick request with some member as it should not be. */
function tick(chance: Random): string {
  const members = {
    ...(chance.next() < 0.3 ? { slot: chance.pick(TIMES) } : {}),
    ...(chance.next() < 0.3 ? { mode: chance.pick(["observe", "advise", "act", "ACT", word(chance)]) } : {}),
    ...(chance.next() < 0.5
      ? {
          apps: chance.pick([
            ["shop"],
            ["blog"],
            ["shop", "blog"],
            [word(chance)],
            Array(300).fill("shop"),
            "shop",
          ]),
        }
      : {}),
    ...(chance.next() < 0.1 ? { [word(chance)]: 1 } : {}),
  };
  return JSON.stringify(members);
}

/** Samples of which some member is as it should not be; as a list or as lines. */
function samples(chance: Random, { minute }: Target): string {
  const one = () => {
    const members: Record<string, string> = {
      app: JSON.stringify(chance.next() < 0.7 ? "shop" : chance.pick(["blog", word(chance)])),
      region: JSON.stringify(chance.next() < 0.7 ? "fra" : word(chance)),
      at: JSON.stringify(chance.next() < 0.6 ? minute : chance.pick(TIMES)),
      requests: chance.next() < 0.6 ? String(chance.int(0, 5_000)) : chance.pick(NUMBERS),
    };
    for (const name of ["errors", "p95LatencyMs", "cpu", "memory", "disk", "concurrency", "queueDepth"])
      if (chance.next() < 0.15) members[name] = chance.pick(NUMBERS);
    if (chance.next() < 0.1) members[word(chance)] = json(chance);
    return `{${Object.entries(members)
      .map(([name, value]) => `${JSON.stringify(name)}:${value}`)
      .join(",")}}`;
  };
  const list = Array.from({ length: chance.int(1, 5) }, one);
  return chance.next() < 0.5 ? `[${list.join(",")}]` : list.join("\n");
}
