/** A program with a web server of its own, and answers that are held against the OpenAPI document. */
import { request, type IncomingHttpHeaders } from 'node:http';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, expect } from 'vitest';
import { startWebServer, type WebServer } from '../../src/web/server/web-server.ts';
import { apiRoutes } from '../../src/web/api/routes.ts';
import type { StartResult } from '../../src/web/api/start.ts';
import schemas from '../../src/web/server/api-schemas.json' with { type: 'json' };
import { builtEntry, testDirectory, until, writeFiles } from '../support/built-program.ts';
import { ownWorld } from '../support/world.ts';

// Engines that the server starts are of the built program.
process.env['CODEX_ORCH_ENTRY'] = builtEntry;

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

export interface Asking {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  /** Without the token. */
  stranger?: boolean;
}

/** Of the servers that tests have started, by port. */
const tokens = new Map<number, string>();

/** From now on this server is asked with its token. */
export function rememberToken({ port, token }: { port: number; token: string }): void {
  tokens.set(port, token);
}

function bearer(port: number): Record<string, string> {
  const token = tokens.get(port);
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

/** A raw request: whatever headers, whatever path. */
export function ask(port: number, pathname: string, asking: Asking = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', body, stranger = false } = asking;
    const headers = { ...(stranger ? {} : bearer(port)), ...asking.headers };
    const sent = request({ host: '127.0.0.1', port, path: pathname, method, headers });
    sent.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Asks a server as the page does. */
export interface Client {
  get<T>(pathname: string, status?: number): Promise<T>;
  send<T>(method: string, pathname: string, body?: unknown, status?: number): Promise<T>;
  /** @returns the new run's id. */
  start(...roots: string[]): Promise<string>;
}

export interface Served extends Client {
  server: WebServer;
  port: number;
  defects: unknown[];
}

/** `root` holds the program's directory `dir`, and what lies beside it. */
export interface ServedForTests extends Served {
  root: string;
  dir: string;
}

/** A program and its server for the tests of one file. Both are gone after them, and no defect was met. */
export async function serveForTests(
  name: string,
  write: (dir: string, root: string) => void,
): Promise<ServedForTests> {
  const root = testDirectory(name);
  const dir = path.join(root, 'program');
  write(dir, root);
  const served = await serve(dir);
  afterAll(async () => {
    await served.server.close();
    expect(served.defects).toEqual([]);
    rmSync(root, { recursive: true, force: true });
  });
  return { ...served, root, dir };
}

export async function serve(programDir: string, token: string | null = null): Promise<Served> {
  const defects: unknown[] = [];
  const pageDir = path.join(programDir, '..', 'page');
  const server = await startWebServer({
    world: ownWorld,
    place: { programDir, globalRoot: path.join(programDir, '..', 'global') },
    host: '127.0.0.1',
    port: 0,
    token,
    pageDir,
    version: '0.0.0-test',
    onDefect: (error) => defects.push(error),
  });
  rememberToken(server);
  return { ...clientOf(server.port), server, port: server.port, defects };
}

export function clientOf(port: number): Client {
  const call = async <T>(
    method: string,
    pathname: string,
    body?: unknown,
    status?: number,
  ): Promise<T> => {
    const change = method !== 'GET';
    const answer = await ask(port, pathname, {
      method,
      headers: change ? { 'content-type': 'application/json', 'x-codex-orch': '1' } : {},
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const value = JSON.parse(answer.text === '' ? 'null' : answer.text) as T;
    const shown = `${method} ${pathname}: ${answer.text.slice(0, 2000)}`;
    if (status === undefined) expect(answer.status, shown).toBeLessThan(300);
    else expect(answer.status, shown).toBe(status);
    expectDescribed(method, pathname, answer.status, value);
    return value;
  };
  return {
    get: (pathname, status) => call('GET', pathname, undefined, status),
    send: call,
    async start(...roots) {
      const body = { roots, labels: [], inputs: {} };
      return (await call<StartResult>('POST', '/api/runs', body, 201)).run_id;
    },
  };
}

const ajv = new Ajv2020({ strict: false });
ajv.addSchema({ $id: 'api', components: { schemas } });

/** What came is what the document says would come. */
function expectDescribed(method: string, pathname: string, status: number, value: unknown): void {
  const type = status >= 400 ? 'ApiErrorBody' : answerType(method, pathname);
  if (type === null) return;
  const validate = ajv.compile({ $ref: `api#/components/schemas/${type}` });
  const ok = validate(value);
  expect(ok ? [] : validate.errors, `${method} ${pathname} is no ${type}`).toEqual([]);
}

function answerType(method: string, pathname: string): string | null {
  const [bare = ''] = pathname.split('?');
  const candidates = apiRoutes.filter((route) => route.method === method.toLowerCase());
  const score = (text: string): number => text.replace(/\{\w+\}/g, '').length;
  const [best] = candidates
    .filter((route) => {
      const pattern = route.path.replace('{path}', '.+').replace(/\{\w+\}/g, '[^/]+');
      return new RegExp(`^${pattern}$`).test(bare);
    })
    .sort((a, b) => score(b.path) - score(a.path));
  expect(best, `${method} ${bare} is not described`).toBeDefined();
  const type = best?.answer ?? '';
  return /^[A-Z]/.test(type) ? type : type === 'file' ? 'TextPage' : null;
}

/** A program of shell tasks. */
export function writeProgram(dir: string, tasks: Record<string, Record<string, unknown>>): void {
  mkdirSync(dir, { recursive: true });
  const files: Record<string, unknown> = {
    'project.yaml': { name: 'p', workspace: '.', default_agent: 'shell' },
  };
  for (const [id, fields] of Object.entries(tasks)) {
    files[`tasks/${id}.yaml`] = { id, title: id, status: 'ready', ...fields };
  }
  writeFiles(dir, files);
}

export const finish = 'echo done > "$CODEX_ORCH_ATTEMPT_DIR/final.md"';

interface StreamedEvent {
  id: string | null;
  event: string;
  data: unknown;
}

export interface Stream {
  status: number;
  events: StreamedEvent[];
  ended: boolean;
  /** The first event that fits, waited for. */
  wait(fits: (event: StreamedEvent) => boolean): Promise<StreamedEvent>;
  close(): void;
}

/** Reads server-sent events as they come. */
export function listen(
  port: number,
  pathname: string,
  headers: Record<string, string> = {},
): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const sent = request({
      ...{ host: '127.0.0.1', port, path: pathname },
      headers: { ...bearer(port), ...headers },
    });
    sent.on('error', reject);
    sent.on('response', (response) => {
      const events: StreamedEvent[] = [];
      let text = '';
      const stream: Stream = {
        status: response.statusCode ?? 0,
        events,
        ended: false,
        wait: (fits) => until(() => events.find(fits)),
        close: () => sent.destroy(),
      };
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
          const fields = new Map(
            text
              .slice(0, end)
              .split('\n')
              .map((line) => {
                const at = line.indexOf(': ');
                return [line.slice(0, at), line.slice(at + 2)] as const;
              }),
          );
          text = text.slice(end + 2);
          const data = fields.get('data');
          if (data === undefined) continue;
          events.push({
            id: fields.get('id') ?? null,
            event: fields.get('event') ?? '',
            data: JSON.parse(data),
          });
        }
      });
      response.on('error', () => (stream.ended = true));
      response.on('close', () => (stream.ended = true));
      resolve(stream);
    });
    sent.end();
  });
}
