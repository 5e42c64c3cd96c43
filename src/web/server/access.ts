/**
 * Who is let in: section 14 of the contract. Any user of the machine reaches the loopback interface, so the
 * server asks for a token there too. The token and the cookie that a browser gets for it are in memory
 * alone: who reads the disk, `ps` or the environment of an agent finds neither.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { Refusal } from '../../model/refusal.ts';

export interface Access {
  /** The interface that the server listens on, as it was given. */
  host: string;
  /** The port that it got. Known only once it listens. */
  port: () => number;
  token: string;
  /** Of this server alone: worth nothing to whoever listens at its port after it. */
  cookie: string;
}

const MIN_TOKEN_CHARS = 16;

/** `given`: a token of the person's own; null for a new one. @throws Refusal `token-short`, `token-unusable` */
export function makeAccess(given: string | null, host: string, port: () => number): Access {
  const token = given ?? secret();
  if (token.length < MIN_TOKEN_CHARS) {
    throw new Refusal('token-short', `a token needs ${MIN_TOKEN_CHARS} characters or more`, {
      hint: 'without --token-from a good one is made',
    });
  }
  // Anything else could not be sent in a header.
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new Refusal('token-unusable', 'a token is letters, digits and signs of ASCII, no spaces');
  }
  return { host, port, token, cookie: secret() };
}

/** Whether the request carries the token, or the cookie that was given for it. */
export function isLetIn(c: Context, access: Access): boolean {
  const bearer = /^Bearer +(\S+) *$/i.exec(c.req.header('authorization') ?? '')?.[1];
  if (bearer !== undefined && isSame(bearer, access.token)) return true;
  const name = cookieName(access);
  return cookiesOf(c.req.header('cookie') ?? '', name).some((each) => isSame(each, access.cookie));
}

export function isToken(given: string, access: Access): boolean {
  return isSame(given, access.token);
}

/** `set-cookie` for whoever has shown the token. It ends with the browser: those that last are on disk. */
export function accessCookie(access: Access): string {
  return `${cookieName(access)}=${access.cookie}; Path=/; HttpOnly; SameSite=Strict`;
}

/** Cookies do not tell ports apart; two servers on one machine must. */
function cookieName({ port }: Access): string {
  return `codex-orch-${port()}`;
}

/** All of the name: another program on this host may have set one of its own, for a longer path. */
function cookiesOf(header: string, name: string): string[] {
  return header.split(';').flatMap((part) => {
    const at = part.indexOf('=');
    return at > 0 && part.slice(0, at).trim() === name ? [part.slice(at + 1).trim()] : [];
  });
}

/** In a time that does not tell how much of it was right. */
function isSame(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function secret(): string {
  return randomBytes(24).toString('base64url');
}
