/** Tells an agent what kind of file it is about to open. */
import { closeSync, openSync, readSync } from 'node:fs';
import path from 'node:path';

const byExtension: Record<string, string> = {
  '.css': 'text/css',
  '.csv': 'text/csv',
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

/** By the name's extension, or else by the first 8 KiB: text, or any bytes. */
export function contentType(file: string): string {
  const known = byExtension[path.extname(file).toLowerCase()];
  if (known !== undefined) return known;
  const sample = Buffer.alloc(SAMPLE_BYTES);
  const fd = openSync(file, 'r');
  try {
    const size = readSync(fd, sample, 0, SAMPLE_BYTES, 0);
    return isText(sample.subarray(0, size)) ? 'text/plain' : 'application/octet-stream';
  } finally {
    closeSync(fd);
  }
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
