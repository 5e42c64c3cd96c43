/** Puts the server together: guard, routes, page; and one place where what goes wrong becomes an answer. */
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { Refusal } from '../../model/refusal.ts';
import type { WebContext } from './context.ts';
import { errorBody, refusalBody, statusOf } from './errors.ts';
import { guard, isToken, SECURITY_HEADERS, tokenCookie, type GuardOptions } from './guard.ts';
import { addInstanceRoutes } from './instance-routes.ts';
import { addLiveRoutes } from './live-routes.ts';
import { addOverviewRoutes } from './overview-routes.ts';
import { addProgramRoutes } from './program-routes.ts';
import { addQuestionRoutes } from './question-routes.ts';
import { MAX_BODY_BYTES, readBody } from './request.ts';
import { addRunRoutes } from './run-routes.ts';
import { addStaticPage } from './static-page.ts';

/** `pageDir`: where the built page lies; it need not exist. */
export function makeApp(web: WebContext, options: GuardOptions, pageDir: string): Hono {
  const app = new Hono();

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
  app.use('*', guard(options));
  app.use(
    '*',
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: (c) =>
        c.json(errorBody('body-too-large', `a body may have ${MAX_BODY_BYTES} bytes`), 413),
    }),
  );

  app.post('/api/login', async (c) => {
    const token = (await readBody(c)).text('token');
    if (options.token !== null && !isToken(token, options.token)) {
      return c.json(errorBody('token-wrong', 'that is not the token'), 401);
    }
    if (options.token !== null) c.header('set-cookie', tokenCookie(options.token, options.port()));
    return c.body(null, 204);
  });
  // The printed address carries the token once, and leaves it in a cookie that no script can read.
  app.get('*', async (c, next) => {
    const token = c.req.query('token');
    if (token === undefined || options.token === null || c.req.path.startsWith('/api/')) {
      return next();
    }
    if (!isToken(token, options.token)) return c.text('That is not the token.\n', 401);
    c.header('set-cookie', tokenCookie(options.token, options.port()));
    c.header('cache-control', 'no-store');
    // Only a path, and only of this server: `//elsewhere` would be another one.
    return c.redirect(`/${c.req.path.replace(/^[/\\]+/, '')}`, 303);
  });
  app.get('/api/openapi.json', async (c) => {
    const { openapiDocument } = await import('./openapi.ts');
    return c.json(openapiDocument(web.version));
  });

  addOverviewRoutes(app, web);
  addLiveRoutes(app, web);
  addProgramRoutes(app, web);
  addRunRoutes(app, web);
  addInstanceRoutes(app, web);
  addQuestionRoutes(app, web);
  app.all('/api/*', (c) =>
    c.json(errorBody('no-such-route', `there is no ${c.req.method} ${c.req.path}`), 404),
  );
  addStaticPage(app, pageDir);

  app.onError((error, c) => {
    if (error instanceof Refusal) return c.json(refusalBody(error), statusOf(error));
    web.onDefect(error);
    return c.json(
      errorBody('defect', 'a defect in codex-orch; the terminal of the server says more'),
      500,
    );
  });
  return app;
}
