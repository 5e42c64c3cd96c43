/**
 * Ids that the core makes are derived from what they name, not drawn at random: the same decision gives
 * the same id, also after a crash, and the core needs no random source.
 */

/** 64-bit non-cryptographic hash (two multiply-xorshift lanes), its first 8 or all 16 hex digits. */
function hash(text: string, seed: number, digits: 8 | 16): string {
  let a = 0xdeadbeef ^ seed;
  let b = 0x41c6ce57 ^ seed;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return digits === 8 ? hex8(b) : hex8(b) + hex8(a);
}

function hex8(n: number): string {
  return (n >>> 0).toString(16).padStart(8, '0');
}

/** `prefix-<8 hex>`; `salt` above 0 gives another id for the same name, for the case of a collision. */
export function derivedId(prefix: string, name: string, salt = 0): string {
  return `${prefix}-${hash(name, salt, 8)}`;
}

/** `int-<12 hex>`, for an interrupt that follows from another one. */
export function derivedInterruptId(name: string): string {
  return `int-${hash(name, 1, 16).slice(0, 12)}`;
}
