/** File names from strings that may hold anything. */
import { sha256 } from '../../disk/sha256.ts';

const MAX_NAME_BYTES = 150;

/**
 * A safe file name for `key`: letters, digits, `_`, `-` and inner `.` stay, every other byte becomes
 * `%XX`; a long name is cut and gets a hash. Different keys get different names.
 */
export function safeName(key: string): string {
  let name = '';
  for (const byte of Buffer.from(key, 'utf8')) {
    const character = String.fromCharCode(byte);
    const keep = /[A-Za-z0-9_-]/.test(character) || (character === '.' && name !== '');
    name += keep ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  if (name.length <= MAX_NAME_BYTES) return name;
  return `${name.slice(0, MAX_NAME_BYTES - 20)}~${sha256(key).slice(0, 16)}`;
}
