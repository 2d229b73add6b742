/**
 * Which token speaks for which app. A Fly deploy token covers one app, so a list is the usual case:
 *
 *   shop=FlyV1 fm2_aaa,fm2_bbb; blog=fm2_ccc        entries end at white space or a semicolon
 *   fm2_ddd                                          an entry without "app=" is for every other app
 *
 * The trap is the comma. Inside one token it joins macaroons that belong together, so it separates entries only where
 * "app=" follows. Several macaroon entries without an app are sent as one such bundle; Fly takes what fits.
 */
export type FlyTokens = {
  /**
   * The value of the Authorization header, or null where no entry covers the app. Without an app (calls about the
   * organisation): the entry that is for every other app, which then has to be an organisation's token.
   */
  authorization(app: string | null): string | null;
  /** The text with every token in it blacked out: nothing that Fly echoes may carry one into a log. */
  redact(text: string): string;
};

const SCHEME = /\b(FlyV1|Bearer)\s+/gi;
const MACAROON = /^(fm2_|fm1r_|fm1a_)/;
const PAIR = /^([a-z0-9][a-z0-9-]*)=([^=].*)$/;
const PAIR_AFTER_COMMA = /,\s*(?=[a-z0-9][a-z0-9-]*=[^=,\s])/g;

/**
 * Reads the list. An empty one is allowed: then no app has a token.
 * @throws TypeError that names the entry by its place, never by its text
 */
export function readFlyTokens(list: string): FlyTokens {
  const words = list
    .replace(SCHEME, "")
    .replace(PAIR_AFTER_COMMA, ";")
    .replace(/\s*,\s*/g, ",")
    .split(/[\s;]+/)
    .filter((word) => word !== "");
  const byApp = new Map<string, string>();
  const others: string[] = [];
  for (const [index, word] of words.entries()) {
    const pair = PAIR.exec(word);
    const token = pair?.[2] ?? word;
    if (!/^[\x21-\x7e]+$/.test(token) || /^[a-z0-9-]*=?$/.test(token)) throw malformed(index, "is no token");
    if (pair === null) others.push(token);
    else if (byApp.has(pair[1]!)) throw malformed(index, `is a second one for app ${pair[1]}`);
    else byApp.set(pair[1]!, token);
  }
  if (others.length > 1 && !others.every((token) => MACAROON.test(token))) {
    throw new TypeError(
      `The Fly token list has ${others.length} entries without an app, and not all begin with fm2_; write them as app=token`,
    );
  }
  const fallback = others.length === 0 ? null : others.join(",");
  const secrets = [...byApp.values(), ...others].flatMap((token) => token.split(","));
  return {
    authorization(app) {
      const token = (app === null ? undefined : byApp.get(app)) ?? fallback;
      if (token === null) return null;
      return MACAROON.test(token) ? `FlyV1 ${token}` : `Bearer ${token}`;
    },
    redact: (text) => secrets.reduce((clean, secret) => clean.replaceAll(secret, "[token]"), text),
  };
}

function malformed(index: number, what: string): TypeError {
  return new TypeError(
    `Entry ${index + 1} of the Fly token list ${what}; expected app=token or one token, separated by spaces or semicolons`,
  );
}
