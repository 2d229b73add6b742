/**
 * Takes secrets out of what is logged: values that are known to be secret, members whose name says that they are, and
 * words that look like a token or a password in a URL. Nothing is to put a secret into a log line in the first place; this
 * is the net below, for messages that others wrote.
 *
 * The trap is a net that is too fine: a machine's id or a hash is no secret and is needed to find out what happened.
 */
const HIDDEN = "[hidden]";
const SECRET_NAME =
  /^(authorization|cookie|set-cookie|apikey|api_key|password|secret|nonce)$|(_|^)token$|[a-z]Token$/;
const SECRET_WORDS: readonly [RegExp, string][] = [
  [/\b(Bearer|FlyV1|Basic)\s+[\w.~+/=,-]{8,}/gi, `$1 ${HIDDEN}`],
  [/\b(?:fa|fm1r|fm1a|fm2|fo1|sbp)_[\w+/=-]{8,}/g, HIDDEN],
  [/\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*/g, HIDDEN],
  [/\b([a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@]*):[^\s@/]+@/gi, `$1:${HIDDEN}@`],
];
/** A shorter one would hide half of every sentence. */
const SHORTEST_SECRET = 8;
const DEEPEST = 8;
/** Twice a whole line. What is cut off is not looked through: others may have written it, to keep us busy. */
const LONGEST = 20_000;

/** @param secrets values that are never shown, whatever they look like */
export function createRedactor(secrets: readonly string[]): (value: unknown) => unknown {
  const known = secrets.filter((secret) => secret.length >= SHORTEST_SECRET);

  function redactText(text: string): string {
    const hidden = known.reduce((rest, secret) => rest.replaceAll(secret, HIDDEN), text).slice(0, LONGEST);
    return SECRET_WORDS.reduce((rest, [pattern, by]) => rest.replace(pattern, by), hidden);
  }
  function redact(value: unknown, depth: number): unknown {
    if (typeof value === "string") return redactText(value);
    if (value === null || typeof value !== "object") return value;
    if (depth >= DEEPEST) return "[deeper]";
    if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1));
    const entries = Object.entries(value).map(([name, item]) => [
      name,
      SECRET_NAME.test(name) && item !== null ? HIDDEN : redact(item, depth + 1),
    ]);
    return Object.fromEntries(entries);
  }
  return (value) => redact(value, 0);
}
