/** The server itself: what it serves, and who may ask. */
import type { Context } from 'hono';
import { loadProjectName } from '../../app/program/look.ts';
import { accessCookie, isToken } from '../server/access.ts';
import type { WebContext } from '../server/context.ts';
import { errorBody } from '../server/errors.ts';
import { readBody } from '../server/request.ts';
import type { Route } from '../server/route.ts';

/** `GET /api/server` */
export interface ServerInfo {
  version: string;
  /** Absolute. */
  program_dir: string;
  program_name: string;
  /** Whether only this machine can reach the server. */
  loopback: boolean;
  /** The server's clock, for relative times. */
  now: string;
}

/** `POST /api/login` */
export interface LoginBody {
  token: string;
}

export const serverRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/api/server',
    summary: 'The program, the version, the clock',
    answer: 'ServerInfo',
    handle: (_, web) => serverInfo(web),
  },
  {
    method: 'post',
    path: '/api/login',
    summary: 'Shows the token, and gets a cookie for it',
    body: 'LoginBody',
    answer: 'nothing',
    handle: logIn,
  },
];

function serverInfo({ version, place, loopback, world }: WebContext): ServerInfo {
  return {
    version,
    program_dir: place.programDir,
    program_name: loadProjectName(place.programDir),
    loopback,
    now: world.clock.now(),
  };
}

/** Strangers may ask for this one. */
const MAX_LOGIN_BYTES = 4096;

async function logIn(c: Context, { access }: WebContext): Promise<Response> {
  const token = (await readBody(c, MAX_LOGIN_BYTES)).text('token');
  if (!isToken(token, access)) {
    const hint = 'each start of "codex-orch web" prints a new one, at the end of its address';
    return c.json(errorBody('token-wrong', 'that is not the token of this server', hint), 401);
  }
  c.header('set-cookie', accessCookie(access));
  return c.body(null, 204);
}
