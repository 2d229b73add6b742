/** Numbers as text: base64 of their bytes, a third of their size as decimals and the same on every little-endian machine. */
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const CODES = Uint8Array.from(LETTERS, (letter) => letter.charCodeAt(0));
const PADDING = "=".charCodeAt(0);
const ascii = new TextDecoder();

/** By hand: btoa wants a text of the bytes first, and both together take ten times as long in Deno. */
export function toBase64({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  const letters = new Uint8Array(4 * Math.ceil(byteLength / 3));
  let end = 0;
  for (let i = 0; i < byteLength; i += 3) {
    // Past the end a byte is undefined, and 0 once it is shifted.
    const bits = (bytes[i]! << 16) | (bytes[i + 1]! << 8) | bytes[i + 2]!;
    letters[end++] = CODES[bits >> 18]!;
    letters[end++] = CODES[(bits >> 12) & 63]!;
    letters[end++] = i + 1 < byteLength ? CODES[(bits >> 6) & 63]! : PADDING;
    letters[end++] = i + 2 < byteLength ? CODES[bits & 63]! : PADDING;
  }
  return ascii.decode(letters);
}

/** @throws DOMException where the text is no base64. */
export function bytesOf(base64: string): Uint8Array {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
