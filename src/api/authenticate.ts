/**
 * Who is calling. A token is a long random word; only its SHA-256 is kept, and it is looked up by the beginning of that
 * and compared in constant time (adapters/postgres/tokens.ts). So timing tells an attacker nothing: to learn from it they
 * would have to choose hashes, not tokens.
 *
 * The trap: an unknown token and books that cannot be read must not look alike. The first is the caller's fault and final,
 * the second ours, and the caller should come again.
 */

import type { Instant } from "../core/time.ts";
import type { Caller, Tokens } from "../ports.ts";
import { Problem } from "./problem.ts";

export const SCOPES = ["tick", "ingest", "work", "read"] as const;
export type Scope = (typeof SCOPES)[number];

const BEARER = /^Bearer +([\x21-\x7e]{16,512})$/i;

/** @throws Problem 401 without a known token, 403 where it lacks the scope. */
export async function authenticate(
  request: Request,
  scope: Scope,
  tokens: Tokens,
  now: Instant,
): Promise<Caller> {
  const token = BEARER.exec(request.headers.get("authorization") ?? "")?.[1];
  if (token === undefined) throw unauthorized("Send a flyahead token as Authorization: Bearer <token>");
  const caller = await tokens.find(await sha256Hex(token), now);
  if (caller === null)
    throw unauthorized(
      "This token is unknown, expired or revoked; make a new one with `npm run token -- create`",
    );
  if (!caller.scopes.includes(scope)) {
    throw new Problem("forbidden", `This token lacks the scope ${scope}; make one that has it`);
  }
  return caller;
}

/** Whether the caller may speak for the app. */
export function mayUse(caller: Caller, app: string): boolean {
  return caller.apps === null || caller.apps.includes(app);
}

export async function sha256Hex(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function unauthorized(detail: string): Problem {
  return new Problem("unauthorized", detail, { headers: { "www-authenticate": "Bearer" } });
}
