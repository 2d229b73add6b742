/**
 * Where a call came from, as far as the platform in front tells, and the limit that it shares with others from there.
 * It is the first door: before a token is looked up, before Redis is asked, so that guessing tokens costs us nothing.
 *
 * The trap: an address is what a header says. Behind a platform that overwrites the header it is true; elsewhere a caller
 * may write another one into each call and is never limited here. So it protects from haste, and nothing else relies on it.
 */
import type { Instant } from "../core/time.ts";
import type { RequestLimit } from "../ports.ts";
import { limited } from "./limit.ts";

export type AddressRule = {
  /** The header that the platform writes, such as cf-connecting-ip. */
  readonly header: string;
  readonly limit: RequestLimit;
};

/** @throws Problem 429. Calls that bear no address are not limited: they would all share one door. */
export async function limitAddress(request: Request, rule: AddressRule, now: Instant): Promise<void> {
  const address = addressOf(request.headers.get(rule.header));
  if (address !== null) await limited(rule.limit, address, now, "from this address");
}

/** IPv4 as it is; of IPv6 the first half, which is what one network has to itself; null: none, or nothing like one. */
export function addressOf(text: string | null): string | null {
  const given = text?.split(",")[0]?.trim().toLowerCase() ?? "";
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(given)) return given;
  if (!/^[0-9a-f:.]{2,45}$/.test(given) || !URL.canParse(`http://[${given}]/`)) return null;
  const [head = "", tail] = new URL(`http://[${given}]/`).hostname.slice(1, -1).split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const groups = [...left, ...Array<string>(Math.max(0, 8 - left.length - right.length)).fill("0"), ...right];
  return `${groups.slice(0, 4).join(":")}::/64`;
}
