/** Puts the server together: guard, routes, page; and one place where what goes wrong becomes an answer. */
import { Hono } from 'hono';
import { Refusal } from '../../model/refusal.ts';
import { apiRoutes } from '../api/routes.ts';
import type { WebContext } from './context.ts';
import { errorBody, refusalBody, httpStatusOf } from './errors.ts';
import { guard, SECURITY_HEADERS } from './guard.ts';
import { addRoute } from './route.ts';
import { addStaticPage } from './static-page.ts';

/** `pageDir`: where the built page lies; it need not exist. */
export function makeApp(web: WebContext, pageDir: string): Hono {
  const app = new Hono();
  const { access, strangers } = web;

  app.use('*', async (c, next) => {
    await next();
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
      // A file that somebody made brings a stricter policy of its own.
      if (!c.res.headers.has(name)) c.res.headers.set(name, value);
    }
    if (c.req.path.startsWith('/api/') && !c.res.headers.has('cache-control')) {
      c.res.headers.set('cache-control', 'no-store');
    }
  });
  app.use('*', guard(access, strangers));

  for (const route of apiRoutes) addRoute(app, web, route);
  app.all('/api/*', (c) =>
    c.json(errorBody('no-such-route', `there is no ${c.req.method} ${c.req.path}`), 404),
  );
  addStaticPage(app, pageDir, access);

  app.onError((error, c) => {
    if (error instanceof Refusal) return c.json(refusalBody(error), httpStatusOf(error));
    web.onDefect(error);
    return c.json(
      errorBody('defect', 'a defect in codex-orch; the terminal of the server says more'),
      500,
    );
  });
  return app;
}
