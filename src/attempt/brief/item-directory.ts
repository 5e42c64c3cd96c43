/** Directories of items, named by their keys: section 17 of the contract. */
import { sha256 } from '../../disk/sha256.ts';

const MAX_LENGTH = 100;
const HASH_DIGITS = 12;

/**
 * The directory of the item with this key: what is not a letter, a digit, `.`, `_` or `-` is replaced, and a hash is
 * appended where that loses something. Keys that differ by more than case have different directories.
 */
export function itemDirectory(key: string): string {
  const plain = key.replace(/[^A-Za-z0-9._-]/gu, '_').replace(/^\.+/, '_');
  // One that ends as if it had a hash could be that of another key.
  const isTaken = new RegExp(`-[0-9a-f]{${HASH_DIGITS}}$`, 'i').test(plain);
  if (plain === key && plain.length <= MAX_LENGTH && plain !== '' && !isTaken) return plain;
  const name = plain.slice(0, MAX_LENGTH - HASH_DIGITS - 1);
  return `${name}-${sha256(key).slice(0, HASH_DIGITS)}`;
}
