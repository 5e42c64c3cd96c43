/**
 * The page's own files, built beside this program; for any other path, the page itself, or for who has not shown
 * the token, a page that says where it is found. The files are the same for everybody, and hold nothing secret.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Context, Hono } from 'hono';
import { Refusal } from '../../model/refusal.ts';
import { isLetIn, type Access } from './access.ts';
import { policyOfPage } from './guard.ts';
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

const TOKEN_NEEDED = `This needs the token of the address that "codex-orch web" printed.

Look at its terminal. A script sends it as: Authorization: Bearer <token>
`;

const PAGE = 'index.html';
const SIGN_IN = 'sign-in.html';
/** Where index.html takes what the code editor marks its style sheet with. */
const NONCE_PLACE = '{{style-nonce}}';

/** `directory`: absolute, with `index.html`, `sign-in.html` and `assets/`. */
export function addStaticPage(app: Hono, directory: string, access: Access): void {
  app.get('*', async (c) => {
    const asked = decoded(c.req.path);
    const isHtml = asked === '' || asked?.endsWith('.html') === true;
    const file = isHtml ? null : await read(directory, asked);
    if (asked !== null && file) return send(c, asked, file);
    // A file that is not there is not the page; an address within the page is.
    if (asked === null || (!isHtml && isFileName(asked))) return c.text('Not found\n', 404);
    if (c.req.query('token') !== undefined) return withoutToken(c);
    return isLetIn(c, access) ? sendPage(c, directory) : askForToken(c, directory);
  });
}

/** A token in the query is kept by histories and logs: it is not taken, and the address loses it. */
function withoutToken(c: Context): Response {
  const { pathname, searchParams } = new URL(c.req.url);
  searchParams.delete('token');
  // Only a path, and only of this server: `//elsewhere` would be another one.
  const path = `/${pathname.replace(/^[/\\]+/, '')}`;
  return c.redirect(searchParams.size > 0 ? `${path}?${searchParams.toString()}` : path, 303);
}

async function sendPage(c: Context, directory: string): Promise<Response> {
  const page = await read(directory, PAGE);
  if (!page) return c.text(NOT_BUILT, 503);
  const nonce = randomBytes(18).toString('base64');
  c.header('content-security-policy', policyOfPage(nonce));
  const text = Buffer.from(page).toString('utf8').replace(NONCE_PLACE, nonce);
  return send(c, PAGE, new Uint8Array(Buffer.from(text)));
}

async function askForToken(c: Context, directory: string): Promise<Response> {
  c.status(401);
  c.header('www-authenticate', 'Bearer');
  const page = await read(directory, SIGN_IN);
  return page ? send(c, SIGN_IN, page) : c.text(TOKEN_NEEDED);
}

function send(c: Context, name: string, content: Uint8Array<ArrayBuffer>): Response {
  c.header('content-type', types[path.extname(name)] ?? 'application/octet-stream');
  // The names of built assets change with their content.
  const isNamedByContent = name.startsWith('assets/');
  const kept = isNamedByContent ? 'public, max-age=31536000, immutable' : 'no-cache';
  c.header('cache-control', name === SIGN_IN ? 'no-store' : kept);
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
