/**
 * Words, numbers, times and values that break programs, drawn by seeded chance: what a parser, a database, a template, a
 * log, a shell or a calendar stumbles over.
 */
import type { Random } from "../../src/sim/random.ts";

export const WORDS = [
  "",
  " ",
  "null",
  "undefined",
  "NaN",
  "__proto__",
  "constructor",
  "prototype",
  "hasOwnProperty",
  "toString",
  "valueOf",
  "then",
  "toJSON",
  "'; drop table flyahead.api_tokens; --",
  "' or '1'='1",
  "1) union select token_hash from flyahead.api_tokens --",
  "$1::text",
  "\\'; select pg_sleep(10); --",
  '{"a","b"}',
  '"},{\\',
  "../../../../etc/passwd",
  "..%2f..%2fetc%2fpasswd",
  "file:///etc/passwd",
  "http://169.254.169.254/latest/meta-data/",
  "\u0024{7*7}{{7*7}}<%= 7*7 %>",
  "$(reboot)`reboot`|reboot;reboot",
  "<script>alert(1)</script>",
  "%00",
  "a\u0000b",
  "\u001b[2J\u001b]0;x\u0007",
  "a\r\nset-cookie: x=1\r\n\r\nHTTP/1.1 200 OK",
  "\ufeffbom",
  "\u202ereversed",
  "\ud800",
  "e\u0301\u0301\u0301\u0301",
  "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
  "(a+)+$",
  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!",
  "%s%s%s%n%x",
  "\u0024{jndi:ldap://127.0.0.1/x}",
  "SELECT",
  "fra",
  "shop",
];

export const NUMBERS = [
  "0",
  "-0",
  "-1",
  "1e308",
  "1e309",
  "-1e309",
  "5e-324",
  "1e-50",
  "1e12",
  "1e13",
  "9007199254740993",
  "18446744073709551616",
  "0.1e-400",
  "123456789012345678901234567890123456789012345678901234567890",
  "1.0000000000000000000000000000000000000001",
  "2147483648",
  "-2147483649",
  "NaN",
  "Infinity",
  "0x10",
  "01",
  "1_000",
];

export const TIMES = [
  "0000-01-01T00:00:00Z",
  "0001-01-01T00:00:00Z",
  "1969-12-31T23:59:00Z",
  "1970-01-01T00:00:00Z",
  "2016-12-31T23:59:60Z",
  "2024-02-30T00:00:00Z",
  "2038-01-19T03:14:00Z",
  "2100-02-29T00:00:00Z",
  "9999-12-31T23:59:00Z",
  "+275760-09-13T00:00:00Z",
  "-271821-04-20T00:00:00Z",
  "2026-03-29T02:30:00+01:00",
  "2026-01-01T00:00:00+24:00",
  "2026-01-01T00:00:00-00:00",
  "2026-01-01T24:00:00Z",
  "2026-01-01T00:00:00.000000000000000000001Z",
  "infinity",
  "-infinity",
  "now",
  "epoch",
  "2026-W01-1T00:00:00Z",
  "２０２６-01-01T00:00:00Z",
];

export const word = (chance: Random): string =>
  chance.next() < 0.1 ? "x".repeat(chance.pick([63, 64, 255, 1_000, 20_000])) : chance.pick(WORDS);

/** Any JSON value, as text: numbers keep their odd spelling. */
export function json(chance: Random, depth = 0): string {
  const kind = chance.int(0, depth > 4 ? 5 : 8);
  if (kind === 0) return chance.pick(["null", "true", "false"]);
  if (kind === 1) return chance.pick(NUMBERS);
  if (kind <= 3) return JSON.stringify(word(chance));
  if (kind === 4) return JSON.stringify(chance.pick(TIMES));
  if (kind === 5) return chance.pick(["[]", "{}", '""', '{"__proto__":{"isAdmin":true}}']);
  const items = Array.from({ length: chance.int(1, 4) }, () => json(chance, depth + 1));
  if (kind === 6) return `[${items.join(",")}]`;
  return `{${items.map((item) => `${JSON.stringify(word(chance))}:${item}`).join(",")}}`;
}

/** Text that is almost JSON: one byte or one piece of a good one is wrong. */
export function spoiled(chance: Random, text: string): Buffer {
  const bytes = Buffer.from(text);
  const at = chance.int(0, Math.max(0, bytes.length - 1));
  switch (chance.int(0, 6)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return Buffer.concat([bytes.subarray(0, at), Buffer.from([chance.int(0, 255)]), bytes.subarray(at)]);
    case 2:
      return Buffer.concat([bytes, bytes.subarray(at)]);
    case 3:
      return Buffer.from(text, "utf16le");
    case 4:
      return Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes]);
    case 5:
      return Buffer.from(Array.from({ length: chance.int(1, 300) }, () => chance.int(0, 255)));
    default: {
      const flipped = Buffer.from(bytes);
      if (flipped.length > 0) flipped[at] = flipped[at]! ^ (1 << chance.int(0, 7));
      return flipped;
    }
  }
}

/** Deep, wide and long: what costs a parser more than it costs to send. */
export function heavy(chance: Random): string {
  const depth = chance.pick([100, 5_000, 100_000]);
  return chance.pick([
    () => "[".repeat(depth),
    () => `${"[".repeat(depth)}${"]".repeat(depth)}`,
    () => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`,
    () => `{${Array.from({ length: 3_000 }, (_, i) => `"k${i}":${i}`).join(",")}}`,
    () => `[${"0,".repeat(6_000)}0]`,
    () => "{\n".repeat(20_000),
    () => "{\n".repeat(2_000_000),
    () => `${"[".repeat(2_000_000)}${"]".repeat(2_000_000)}`,
    () => `[${"{},".repeat(1_300_000)}{}]`,
    () => `{"apps":["${"x".repeat(10_000)}"]}`,
    () => `{"a":${"9".repeat(10_000)}}`,
    () => JSON.stringify("\\u0000".repeat(2_000)),
    () => " ".repeat(50_000),
  ])();
}
