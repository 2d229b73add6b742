/**
 * Where a URL points to, as far as its host tells: outside, to this machine, into a private network, or to a place that
 * nobody means, such as the link-local address at which clouds keep a machine's own credentials. Hosts are read from the
 * URL parser, which has already turned every spelling of an address (octal, hex, one number) into one.
 *
 * The trap: a name can resolve to anything, and another answer may come later. What is told here is about the text alone.
 */
export type UrlPlace = "outside" | "loopback" | "private" | "nowhere";

const LOCAL_NAMES = /(^|\.)(local|internal|intranet|lan|home\.arpa)$/;

/** First and second byte, and the place. The first that fits counts. */
const IPV4: readonly [(a: number, b: number, c: number) => boolean, UrlPlace][] = [
  [(a) => a === 127, "loopback"],
  [(a) => a === 10, "private"],
  [(a, b) => a === 172 && b >= 16 && b < 32, "private"],
  [(a, b) => a === 192 && b === 168, "private"],
  [(a, b) => a === 100 && b >= 64 && b < 128, "private"],
  [(a, b) => a === 169 && b === 254, "nowhere"],
  [(a) => a === 0 || a >= 224, "nowhere"],
  [(a, b, c) => a === 192 && b === 0 && (c === 0 || c === 2), "nowhere"],
  [(a, b, c) => a === 192 && b === 88 && c === 99, "nowhere"],
  [(a, b) => a === 198 && (b === 18 || b === 19), "nowhere"],
  // What books may use as examples.
  [(a, b, c) => a === 198 && b === 51 && c === 100, "nowhere"],
  [(a, b, c) => a === 203 && b === 0 && c === 113, "nowhere"],
];

/** @param host as in `new URL(…).hostname`: lower case, IPv6 in brackets */
export function placeOfHost(host: string): UrlPlace {
  const name = host.replace(/\.+$/, "");
  if (name.startsWith("[")) return placeOfIpv6(groupsOf(name.slice(1, -1)));
  if (/^\d+(\.\d+){3}$/.test(name)) return placeOfIpv4(name.split(".").map(Number));
  if (name === "localhost" || name.endsWith(".localhost")) return "loopback";
  return name.includes(".") && !LOCAL_NAMES.test(name) ? "outside" : "private";
}

function placeOfIpv4([a = 0, b = 0, c = 0]: readonly number[]): UrlPlace {
  return IPV4.find(([fits]) => fits(a, b, c))?.[1] ?? "outside";
}

function placeOfIpv6(groups: readonly number[]): UrlPlace {
  const [first = 0, second = 0] = groups;
  const last = groups.slice(6).flatMap((group) => [group >> 8, group & 0xff]);
  const isZeroUntil = (end: number) => groups.slice(0, end).every((group) => group === 0);
  if (isZeroUntil(7) && groups[7] === 1) return "loopback";
  if (isZeroUntil(5) && groups[5] === 0xffff) return placeOfIpv4(last);
  if (first === 0x64 && second === 0xff9b) return placeOfIpv4(last);
  if (first === 0x2002) return placeOfIpv4([second >> 8, second & 0xff, (groups[2] ?? 0) >> 8]);
  if ((first & 0xfe00) === 0xfc00) return "private";
  // Tunnels that carry another address (Teredo), and examples.
  if (first === 0x2001 && (second < 0x200 || second === 0xdb8)) return "nowhere";
  // What is given to the outside is 2000::/3; the rest is link-local, multicast, or nobody's.
  return (first & 0xe000) === 0x2000 ? "outside" : "nowhere";
}

/** The eight groups of an IPv6 address as the URL parser writes it. */
function groupsOf(address: string): number[] {
  const [head = "", tail] = address.split("::");
  const parts = (text: string) =>
    text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
  const left = parts(head);
  const right = parts(tail ?? "");
  return [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
}
