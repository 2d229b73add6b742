/**
 * Whether two texts are the same, in a time that tells nothing of where they differ: every character is looked at. For
 * hashes of tokens, where a comparison that stops early would let a caller feel its way along.
 *
 * The trap: texts of different lengths are told at once. So it is for texts whose length is no secret.
 */
export function sameText(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}
