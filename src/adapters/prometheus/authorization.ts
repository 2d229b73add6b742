/**
 * Which scheme a token wants. Fly's own tokens (`fly tokens create`) begin with fm2_ and travel as FlyV1; others, such
 * as those of `fly auth token` and of a Prometheus of one's own, are Bearer. A scheme that is written out is kept.
 */
const SCHEME = /^(FlyV1|Bearer|Basic)\s+/i;
const MACAROON = /^(fm2_|fm1r_|fm1a_)/;

/** The value of the Authorization header, or null without a token. */
export function authorizationOf(token: string | null): string | null {
  const text = token?.trim() ?? "";
  if (text === "") return null;
  if (SCHEME.test(text)) return text;
  return `${MACAROON.test(text) ? "FlyV1" : "Bearer"} ${text}`;
}
