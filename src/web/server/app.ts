/** Puts the server together: guard, routes, page; and one place where what goes wrong becomes an answer. */
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { Refusal } from '../../model/refusal.ts';
import { apiRoutes } from '../api/routes.ts';
import type { WebContext } from './context.ts';
import { errorBody, refusalBody, httpStatusOf } from './errors.ts';
import { guard, isToken, SECURITY_HEADERS, tokenCookie } from './guard.ts';
import { MAX_BODY_BYTES } from './request.ts';
import { addRoute } from './route.ts';
import { addStaticPage } from './static-page.ts';

/** `pageDir`: where the built page lies; it need not exist. */
export function makeApp(web: WebContext, pageDir: string): Hono {
  const app = new Hono();
  const { access } = web;

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
  app.use('*', guard(access));
  app.use(
    '*',
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: (c) =>
        c.json(errorBody('body-too-large', `a body may have ${MAX_BODY_BYTES} bytes`), 413),
    }),
  );

  // The printed address carries the token once, and leaves it in a cookie that no script can read.
  app.get('*', async (c, next) => {
    const token = c.req.query('token');
    if (token === undefined || access.token === null || c.req.path.startsWith('/api/')) {
      return next();
    }
    if (!isToken(token, access.token)) return c.text('That is not the token.\n', 401);
    c.header('set-cookie', tokenCookie(access.token, access.port()));
    c.header('cache-control', 'no-store');
    // Only a path, and only of this server: `//elsewhere` would be another one.
    return c.redirect(`/${c.req.path.replace(/^[/\\]+/, '')}`, 303);
  });

  for (const route of apiRoutes) addRoute(app, web, route);
  app.all('/api/*', (c) =>
    c.json(errorBody('no-such-route', `there is no ${c.req.method} ${c.req.path}`), 404),
  );
  addStaticPage(app, pageDir);

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
