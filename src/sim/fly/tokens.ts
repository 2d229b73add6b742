/**
 * Who calls: Fly takes `Bearer <token>` and `FlyV1 <macaroons>`, so the scheme is dropped and the rest compared.
 *
 * A deploy token sees one app; another app answers 403 to it. Without a list of tokens every text that is not empty is good.
 */
import type { World } from "./world.ts";

export type Identity = { user: string; apps: readonly string[] | null };

/** The identity behind an Authorization header; null when the token is missing or wrong. */
export function identify(world: World, authorization: string | undefined): Identity | null {
  const token = (authorization ?? "").replace(/^(bearer|flyv1)\s+/i, "").trim();
  if (token === "") return null;
  const { tokens, organisation } = world.settings;
  const user = `owner@${organisation}.example`;
  if (tokens === null) return { user, apps: null };
  for (const seed of tokens) {
    if (typeof seed === "string" && seed === token) return { user, apps: null };
    if (typeof seed === "object" && seed.token === token)
      return { user: seed.user ?? user, apps: seed.apps ?? null };
  }
  return null;
}
