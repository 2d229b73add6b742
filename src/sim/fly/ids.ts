/**
 * Names in Fly's own shapes: 14 hex digits for a machine, 26 Crockford digits (a ULID) for versions and events.
 *
 * A ULID begins with the time, and a counter follows it here, so later ids always sort after earlier ones: `wait`
 * with from_event_id depends on that. The rest is seeded chance.
 */
import type { Random } from "../random.ts";
import type { World } from "./world.ts";

const HEX = "0123456789abcdef";
const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const WORDS = ["amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron", "inlet", "juniper"];

export function hexId(random: Random, digits: number): string {
  return draw(random, HEX, digits);
}

/** 48 bits of time in ten digits, five of a counter, eleven of chance. */
export function ulid(world: World): string {
  const order = ++world.sequence;
  return base32(world.now, 10) + base32(order, 5) + draw(world.random.ids, CROCKFORD, 11);
}

export function machineName(random: Random): string {
  return `${random.pick(WORDS)}-${random.pick(WORDS)}-${random.int(1000, 9999)}`;
}

export function privateIp(random: Random): string {
  return `fdaa:0:18:a7b:${hexId(random, 4)}:${hexId(random, 4)}:${hexId(random, 4)}:2`;
}

function draw(random: Random, alphabet: string, length: number): string {
  let text = "";
  for (let i = 0; i < length; i++) text += alphabet[random.int(0, alphabet.length - 1)];
  return text;
}

function base32(value: number, digits: number): string {
  let text = "";
  for (let left = value; text.length < digits; left = Math.floor(left / 32))
    text = CROCKFORD[left % 32] + text;
  return text;
}
