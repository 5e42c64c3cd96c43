/** What the server of `codex-orch web` answers over the kept runs, as it does today: see api-requests.ts. */
import { request } from 'node:http';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { apiRoutes } from '../../src/web/api/routes.ts';
import { testDirectory } from '../support/built-program.ts';
import { serveProgram, type ServedProgram } from '../web/served-program.ts';
import { get, requests, streams, type Asked } from './api-requests.ts';
import { copyFixture } from './fixture-runs.ts';
import { expectGolden } from './golden.ts';
import { neutral } from './neutral.ts';

const root = testDirectory('api');
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));

describe('the HTTP API', () => {
  it.each(Object.keys(requests))('%s', async (name) => {
    const run = copyFixture(name, path.join(root, name));
    const served = await serveProgram(run.directory);
    const names: Record<string, string> = {
      run: run.runId,
      int: run.interruptIds().at(-1) ?? '',
      prop: `prop-${run.interruptIds()[0] ?? ''}`,
    };
    const filled = (text: string): string =>
      text.replace(/\{(\w+)\}/g, (whole, key: string) => names[key] ?? whole);
    const shown: string[] = [];
    const show = (title: string, text: string): void => {
      const plain = text.replaceAll(`:${new URL(served.url).port}`, ':<port>');
      shown.push(neutral(`${title}\n${plain}\n`, { [run.directory]: '<DIR>' }));
    };
    try {
      for (const asked of requests[name] ?? []) {
        const sent = asked.body === undefined ? '' : ` ${JSON.stringify(asked.body)}`;
        const headers = asked.headers ? ` with ${JSON.stringify(asked.headers)}` : '';
        const who = asked.stranger ? ' without the token' : '';
        const title = `${asked.method} ${asked.path}${sent}${headers}${who}`;
        const answer = await ask(served, { ...asked, path: filled(asked.path) });
        show(title, shownAnswer(answer, asked.path));
      }
      for (const [stream, count] of streams[name] ?? []) {
        show(`GET ${stream}`, await firstEvents(served, filled(stream), count));
      }
    } finally {
      await served.kill();
    }
    expectGolden(`api/${name}.txt`, shown.join('\n'));
  });

  it('leaves out no way of reading', () => {
    const asked = [
      ...Object.values(requests).flat(),
      ...Object.values(streams).flatMap((each) => each.map(([stream]) => get(stream))),
    ]
      .filter(({ method }) => method === 'GET')
      .map((each) => each.path.replace(/\?.*/, ''));
    const left = apiRoutes
      .filter(({ method }) => method === 'get')
      .map((route) => route.path)
      .filter((route) => {
        const pattern = route.replace('{path}', '.+').replace(/\{\w+\}/g, '[^/]+');
        return !asked.some((each) => new RegExp(`^${pattern}$`).test(each));
      });
    expect(left).toEqual([]);
  });
});

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

function ask(served: ServedProgram, asked: Asked): Promise<Answer> {
  const isChange = asked.method !== 'GET';
  const usual = isChange ? { 'content-type': 'application/json', 'x-codex-orch': '1' } : {};
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(served.url);
    const bearer = { authorization: `Bearer ${served.token()}` };
    const sent = request({
      ...{ hostname, port, path: asked.path, method: asked.method },
      headers: { ...(asked.stranger ? {} : bearer), ...(asked.headers ?? usual) },
    });
    sent.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      });
    });
    sent.on('error', reject);
    sent.end(asked.body === undefined ? undefined : JSON.stringify(asked.body));
  });
}

const shownHeaders = [
  'content-type',
  'content-disposition',
  'content-security-policy',
  'cache-control',
  'x-content-type-options',
];

function shownAnswer({ status, headers, text }: Answer, pathname: string): string {
  const lines = shownHeaders.flatMap((name) => {
    const value = headers[name];
    const isOfPage = name === 'content-security-policy';
    if (isOfPage && !String(headers['content-type']).startsWith('text/html')) return [];
    const shown = String(value).replace(/'nonce-[^']+'/, "'nonce-…'");
    return value === undefined ? [] : [`${name}: ${shown}`];
  });
  return [
    String(status),
    ...lines,
    shownBody(String(headers['content-type']), text, pathname),
  ].join('\n');
}

/** The page itself is another test's matter, and changes with every build. */
function shownBody(contentType: string, text: string, pathname: string): string {
  if (contentType.startsWith('text/html')) return '<the page>';
  if (!contentType.startsWith('application/json')) return text;
  const body = JSON.parse(text) as Record<string, unknown>;
  // Of where the program lies, too.
  if (pathname === '/api/program') body['hash'] = '<hash>';
  if (pathname === '/api/server') body['version'] = '<version>';
  if (pathname === '/api/openapi.json') {
    (body['info'] as Record<string, unknown>)['version'] = '<version>';
    // src/web/server/api-schemas.json has them.
    body['components'] = '<components>';
  }
  return JSON.stringify(body, null, 2);
}

function firstEvents(served: ServedProgram, pathname: string, count: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${served.token()}` };
    const sent = request(`${served.url}${pathname}`, { headers });
    sent.on('error', reject);
    sent.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        const whole = text.split('\n\n').slice(0, -1);
        const events = whole.filter((each) => each.includes('data: ')).slice(0, count);
        if (events.length < count) return;
        const shown = events.map((event) =>
          event.replace(/^data: (.*)$/m, (_line, data: string) =>
            JSON.stringify(JSON.parse(data), null, 2),
          ),
        );
        resolve(`${response.statusCode}\n${shown.join('\n')}`);
        sent.destroy();
      });
      response.on('close', () => reject(new Error(`${pathname} ended early`)));
    });
    sent.end();
  });
}
