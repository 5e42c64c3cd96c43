/**
 * Files that agents and authors made. None of it may run in the page's name: only images that cannot hold
 * scripts keep their type, other text comes as plain text, the rest as a download, and all of it in a
 * sandbox of its own.
 */
import { Readable } from 'node:stream';
import type { Context } from 'hono';
import { fileText } from '../../app/run/inspect-attempt.ts';
import { openFile, type ServedFile } from '../../app/run/served-file.ts';
import type { FileRecord } from '../../model/run.ts';
import { queryPlace } from '../server/request.ts';

export interface ArtifactView extends FileRecord {
  content_type: string;
  /** How a page may show it: see `docs/http-api.md`. */
  render: 'markdown' | 'json' | 'text' | 'image' | 'none';
}

/** `GET …/attempts/:attempt/raw?stream=stdout|stderr`, and `…/files/<path>?as=text`. Places as above. */
export interface TextPage {
  /** Whole lines where possible; malformed UTF-8 comes as U+FFFD. */
  text: string;
  from: number;
  to: number;
  size: number;
  content_type: string;
  /** Not text: `text` is empty. */
  binary: boolean;
}

/** For the query of routes: see `queryPlace`. */
export const placeQuery = {
  after: 'an offset: what follows it',
  before: 'an offset: what precedes it',
  bytes: 'about how much, at most 1048576',
};

/** For the query of routes that send a file. */
export const fileQuery = {
  as: '`text`: a TextPage instead of the bytes',
  download: '`1`: as a download',
  ...placeQuery,
};

const SANDBOX = "default-src 'none'; sandbox; frame-ancestors 'none'";

export function sendFile(c: Context, found: ServedFile, name: string): Response {
  if (c.req.query('as') === 'text') {
    const page: TextPage = { ...fileText(found, queryPlace(c)), content_type: found.contentType };
    return c.json(page);
  }
  const isText = found.render !== 'image' && found.render !== 'none';
  const isInline = found.render !== 'none' && c.req.query('download') !== '1';
  const type =
    found.render === 'image'
      ? found.contentType
      : isText
        ? 'text/plain; charset=utf-8'
        : 'application/octet-stream';
  c.header('content-type', type);
  c.header('content-length', String(found.size));
  c.header('content-security-policy', SANDBOX);
  c.header('cache-control', 'no-store');
  c.header(
    'content-disposition',
    `${isInline ? 'inline' : 'attachment'}; filename*=UTF-8''${encodeName(name)}`,
  );
  if (c.req.method === 'HEAD' || found.size === 0) return c.body(null);
  return c.body(Readable.toWeb(openFile(found)) as ReadableStream);
}

/** RFC 5987: what is not an attribute character is percent-encoded. */
function encodeName(name: string): string {
  const last = name.split('/').at(-1) ?? 'file';
  return encodeURIComponent(last).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
