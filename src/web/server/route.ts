/** A route of the API as data: what a tool reads of it in `/api/openapi.json`, and what answers it. */
import type { Context, Hono } from 'hono';
import { stringifyJson } from '../../model/json.ts';
import type { WebContext } from './context.ts';

export interface Route {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** `{path}` reaches over slashes, `{attempt}` is a number, other parts are single segments. */
  path: string;
  summary: string;
  /** Query parameters, with what they mean. */
  query?: Readonly<Record<string, string>>;
  /** Names of types in `src/web/api`. */
  body?: string;
  answer: string | 'file' | 'events' | 'nothing' | 'document';
  /** Where it is not 200; `nothing` is 204. */
  status?: 201;
  /** What is sent as JSON; a `Response` goes as it is. */
  handle(c: Context, web: WebContext): unknown;
}

export function addRoute(app: Hono, web: WebContext, route: Route): void {
  const path = route.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    if (name === 'path') return ':path{.+}';
    return name === 'attempt' ? ':attempt{[0-9]+}' : `:${name}`;
  });
  app.on(route.method.toUpperCase(), path, async (c) => {
    const answer = await route.handle(c, web);
    if (answer instanceof Response) return answer;
    const headers = { 'content-type': 'application/json' };
    return c.body(stringifyJson(answer), route.status ?? 200, headers);
  });
}
