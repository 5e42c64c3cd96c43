/** The page's own files, built beside this program; for any other path, the page itself. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Context, Hono } from 'hono';
import { Refusal } from '../../model/refusal.ts';
import { resolveInside } from '../../disk/inside.ts';

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};

const NOT_BUILT = `The page has not been built: this is a checkout of the sources.

Build it with:  npm run build

The HTTP interface works without it; GET /api/openapi.json describes it.
`;

/** `directory`: absolute, with `index.html` and `assets/`. */
export function addStaticPage(app: Hono, directory: string): void {
  app.get('*', async (c) => {
    const asked = decoded(c.req.path);
    const file = asked === '' ? null : await read(directory, asked);
    if (asked !== null && file) return send(c, asked, file);
    // A file that is not there is not the page; an address within the page is.
    if (asked === null || isFileName(asked)) return c.text('Not found\n', 404);
    const page = await read(directory, 'index.html');
    return page ? send(c, 'index.html', page) : c.text(NOT_BUILT, 503);
  });
}

function send(c: Context, name: string, content: Uint8Array<ArrayBuffer>): Response {
  c.header('content-type', types[path.extname(name)] ?? 'application/octet-stream');
  // The names of built assets change with their content.
  const isNamedByContent = name.startsWith('assets/');
  c.header('cache-control', isNamedByContent ? 'public, max-age=31536000, immutable' : 'no-cache');
  return c.body(content);
}

async function read(
  directory: string,
  relative: string | null,
): Promise<Uint8Array<ArrayBuffer> | null> {
  if (relative === null) return null;
  try {
    const inside = resolveInside(directory, relative);
    return inside.ok ? new Uint8Array(await readFile(inside.path)) : null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof Refusal || typeof code === 'string') return null;
    throw error;
  }
}

function isFileName(asked: string): boolean {
  const isTop = !asked.includes('/') && Object.hasOwn(types, path.extname(asked));
  return isTop || asked.startsWith('assets/');
}

/** Without the slash; null for what is no path. */
function decoded(pathname: string): string | null {
  try {
    return decodeURIComponent(pathname.slice(1));
  } catch {
    return null;
  }
}
