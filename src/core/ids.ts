/**
 * Ids that the core makes are derived from what they name, not drawn at random: the same decision gives
 * the same id, also after a crash, and the core needs no random source.
 */

/** 53-bit non-cryptographic hash (two multiply-xorshift lanes), as 14 hex digits. */
function hash(text: string, seed: number): string {
  let a = 0xdeadbeef ^ seed;
  let b = 0x41c6ce57 ^ seed;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return hex8(b) + hex8(a);
}

function hex8(n: number): string {
  return (n >>> 0).toString(16).padStart(8, '0');
}

/** `prefix-<8 hex>`; `salt` above 0 gives another id for the same name, for the case of a collision. */
export function derivedId(prefix: string, name: string, salt = 0): string {
  return `${prefix}-${hash(name, salt).slice(0, 8)}`;
}

/** `int-<12 hex>`, for an interrupt that follows from another one. */
export function derivedInterruptId(name: string): string {
  return `int-${hash(name, 1).slice(0, 12)}`;
}
