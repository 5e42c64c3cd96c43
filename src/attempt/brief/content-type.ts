/** Tells an agent what kind of file it is about to open. */
import path from 'node:path';
import { firstBytes, withForeign, type OpenedFile } from '../../disk/foreign-file.ts';

const byExtension: Record<string, string> = {
  '.css': 'text/css',
  '.csv': 'text/csv',
  '.diff': 'text/x-diff',
  '.gif': 'image/gif',
  '.gz': 'application/gzip',
  '.htm': 'text/html',
  '.html': 'text/html',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.jsonl': 'application/jsonl',
  '.log': 'text/plain',
  '.md': 'text/markdown',
  '.pdf': 'application/pdf',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.tar': 'application/x-tar',
  '.toml': 'application/toml',
  '.tsv': 'text/tab-separated-values',
  '.txt': 'text/plain',
  '.webp': 'image/webp',
  '.xml': 'application/xml',
  '.yaml': 'application/yaml',
  '.yml': 'application/yaml',
  '.zip': 'application/zip',
};

const SAMPLE_BYTES = 8192;

/** By the name's extension, or else by the first 8 KiB: text, or any bytes. `opened`: where it is open already. */
export function contentType(file: string, opened?: OpenedFile): string {
  const known = byExtension[path.extname(file).toLowerCase()];
  if (known !== undefined) return known;
  return isTextFile(file, opened) ? 'text/plain' : 'application/octet-stream';
}

/** By its first 8 KiB. */
export function isTextFile(file: string, opened?: OpenedFile): boolean {
  const first = (from: OpenedFile): Buffer => firstBytes(from, SAMPLE_BYTES);
  const sample = opened === undefined ? withForeign(file, {}, first) : first(opened);
  return Buffer.isBuffer(sample) && isText(sample);
}

function isText(bytes: Uint8Array): boolean {
  if (bytes.includes(0)) return false;
  try {
    // `stream`: the sample may end in the middle of a character.
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
