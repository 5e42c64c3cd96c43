/**
 * Who may ask: section 14 of the contract. Every request passes here before anything else looks at it.
 *
 * A page of another site can make a browser send requests to this server, and a name of its own can be
 * made to lead here (DNS rebinding). The first is told by `Sec-Fetch-Site` and `Origin`, and cannot set
 * the headers that a change needs; the second by `Host`.
 */
import { hostname, networkInterfaces } from 'node:os';
import type { HttpBindings } from '@hono/node-server';
import type { Context, MiddlewareHandler } from 'hono';
import { isLetIn, type Access } from './access.ts';
import { errorBody } from './errors.ts';
import type { Strangers } from './strangers.ts';

/** The header that every change carries, and no form or image of another site can. */
export const CHANGE_HEADER = 'x-codex-orch';

/**
 * The policy of the page. The code editor makes one style sheet, which it marks with the nonce of this very answer;
 * no other style that is not a file of the page counts, and no script at all.
 */
export function policyOfPage(styleNonce: string): string {
  return policy(`'self' 'nonce-${styleNonce}'`);
}

function policy(styles: string): string {
  return [
    "default-src 'self'",
    "script-src 'self'",
    `style-src ${styles}`,
    "img-src 'self' data:",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** Set on every answer, errors too. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': policy("'self'"),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

export function guard(access: Access, strangers: Strangers): MiddlewareHandler {
  const names = hostNames(access.host);
  return async (c, next) => {
    const denial =
      checkHost(c, names, access.port()) ??
      checkSite(c, names, access.port()) ??
      checkChange(c) ??
      checkToken(c, access, strangers);
    if (!denial) return next();
    const { status, code, message, hint = null } = denial;
    if (status === 401) c.header('www-authenticate', 'Bearer');
    return c.json(errorBody(code, message, hint), status);
  };
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

interface Denial {
  status: 401 | 403 | 415;
  code: string;
  message: string;
  hint?: string;
}

function checkHost(c: Context, names: ReadonlySet<string>, port: number): Denial | null {
  const host = splitHost(c.req.header('host') ?? '');
  if (host && names.has(host.name) && host.port === port) return null;
  return {
    status: 403,
    code: 'foreign-host',
    message: `this server answers as ${[...names].map((name) => `${bracketed(name)}:${port}`).join(', ')} only`,
  };
}

function checkSite(c: Context, names: ReadonlySet<string>, port: number): Denial | null {
  const foreign: Denial = {
    status: 403,
    code: 'cross-site',
    message: 'requests of other sites are not answered',
  };
  const origin = c.req.header('origin');
  if (origin !== undefined && !isOwnOrigin(origin, names, port)) return foreign;
  const site = c.req.header('sec-fetch-site');
  if (site === undefined || site === 'same-origin' || site === 'none') return null;
  // A link from elsewhere may open the page, and nothing else.
  const opensPage =
    c.req.method === 'GET' &&
    c.req.header('sec-fetch-mode') === 'navigate' &&
    c.req.header('sec-fetch-dest') === 'document' &&
    !isApi(c);
  return opensPage ? null : foreign;
}

function checkChange(c: Context): Denial | null {
  if (c.req.method === 'GET' || c.req.method === 'HEAD') return null;
  if (c.req.header(CHANGE_HEADER) !== '1') {
    return {
      status: 403,
      code: 'header-missing',
      message: `a request that may change something needs the header "${CHANGE_HEADER}: 1"`,
    };
  }
  const type = c.req.header('content-type') ?? '';
  if (/^application\/json\s*(;|$)/i.test(type)) return null;
  return {
    status: 415,
    code: 'not-json',
    message: 'a request that may change something needs "content-type: application/json"',
  };
}

/** The page itself asks in its own way, with a page: see static-page.ts. */
function checkToken(c: Context, access: Access, strangers: Strangers): Denial | null {
  if (!isApi(c) || c.req.path === '/api/login') return null;
  if (isLetIn(c, access)) {
    strangers.letIn((c.env as HttpBindings).incoming.socket);
    return null;
  }
  return {
    status: 401,
    code: 'token-missing',
    message: 'this needs the token of the address that "codex-orch web" printed',
    hint: 'open that address; a script sends "Authorization: Bearer <token>"',
  };
}

function isApi(c: Context): boolean {
  return c.req.path === '/api' || c.req.path.startsWith('/api/');
}

/** Names and addresses by which the server may be addressed. */
function hostNames(host: string): Set<string> {
  if (isLoopback(host)) return new Set(['127.0.0.1', 'localhost', '::1', host]);
  const own = hostname().toLowerCase();
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const isAll = host === '0.0.0.0' || host === '::';
  return new Set([
    ...(isAll ? ['127.0.0.1', 'localhost', '::1'] : [host.toLowerCase()]),
    ...(isAll ? addresses.map(({ address }) => address.toLowerCase()) : []),
    own,
    `${own}.local`,
  ]);
}

function splitHost(value: string): { name: string; port: number } | null {
  const match = /^(\[[0-9a-f:.]+\]|[^:[\]/@\\\s]+)(?::(\d{1,5}))?$/i.exec(value);
  if (!match?.[1]) return null;
  return { name: match[1].replace(/^\[|\]$/g, '').toLowerCase(), port: Number(match[2] ?? 80) };
}

function isOwnOrigin(origin: string, names: ReadonlySet<string>, port: number): boolean {
  const host = splitHost(origin.replace(/^http:\/\//, ''));
  return (
    origin.startsWith('http://') && host !== null && names.has(host.name) && host.port === port
  );
}

function bracketed(name: string): string {
  return name.includes(':') ? `[${name}]` : name;
}
