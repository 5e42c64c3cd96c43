/** Section 14 of the contract: who is answered, and what nobody gets. */
import { once } from 'node:events';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { Agent, request, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunView } from '../../src/web/api/run.ts';
import { startWebServer } from '../../src/web/server/web-server.ts';
import { until } from '../support/built-program.ts';
import { ask, finish, serve, serveForTests, writeProgram, type Answer } from './fixture.ts';
import { ownWorld } from '../support/world.ts';

const change = { 'content-type': 'application/json', 'x-codex-orch': '1' };

const served = await serveForTests('web-security', (dir, root) => {
  writeProgram(dir, {
    make: {
      run: [
        'cd "$CODEX_ORCH_ATTEMPT_DIR"',
        `printf '<script>alert(1)</script>' > page.html`,
        `printf '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>' > drawing.svg`,
        `printf 'alert(1)' > code.js`,
        `printf 'x' > picture.png`,
        `printf 'a\\000b' > data.bin`,
        `printf '# Hi' > "na me\\";x.md"`,
        `ln -s ${path.join(root, 'secret.txt')} link.txt`,
        `mkdir -p sub && ln -s ${root} sub/up`,
        finish,
      ].join('\n'),
      publish: ['final.md', 'page.html', 'drawing.svg', 'code.js', 'picture.png', 'data.bin'],
    },
  });
  writeFileSync(path.join(root, 'secret.txt'), 'secret');
  writeFileSync(path.join(dir, '.env'), 'secret');
  symlinkSync(path.join(root, 'secret.txt'), path.join(dir, 'prompts-link.md'));
  mkdirSync(path.join(root, 'page', 'assets'), { recursive: true });
  writeFileSync(path.join(root, 'page', 'index.html'), '<!doctype html><title>page</title>');
  writeFileSync(path.join(root, 'page', 'sign-in.html'), '<!doctype html><title>sign in</title>');
  writeFileSync(path.join(root, 'page', 'assets', 'a.js'), 'export {}');
});
const { root, dir } = served;
const runId = await served.start('make');
await until(async () => {
  const { run } = await served.get<RunView>(`/api/runs/${runId}`);
  return run.status === 'done' ? true : null;
});

function code(answer: Answer): string {
  return (JSON.parse(answer.text) as { error: { code: string } }).error.code;
}

describe('Host', () => {
  it('answers to its own names only, so that a rebound name gets nothing', async () => {
    const { port } = served;
    for (const host of [
      `127.0.0.1:${port}`,
      `localhost:${port}`,
      `[::1]:${port}`,
      `LOCALHOST:${port}`,
    ]) {
      expect((await ask(port, '/api/server', { headers: { host } })).status, host).toBe(200);
    }
    for (const host of [
      `evil.example:${port}`,
      'evil.example',
      '127.0.0.1',
      `127.0.0.1:${port + 1}`,
      `127.0.0.1.evil.example:${port}`,
      `localhost.:${port}`,
      `user@127.0.0.1:${port}`,
      `0.0.0.0:${port}`,
    ]) {
      const answer = await ask(port, '/api/server', { headers: { host } });
      expect(answer.status, host).toBeGreaterThanOrEqual(400);
      expect(answer.text, host).not.toContain(dir);
      const page = await ask(port, '/', { headers: { host } });
      expect(page.status, host).toBeGreaterThanOrEqual(400);
    }
  });

  it('refuses it for the page, the streams and unknown addresses alike', async () => {
    const headers = { host: `evil.example:${served.port}` };
    for (const pathname of ['/', '/assets/a.js', '/api/live', `/api/runs/${runId}/live`, '/x']) {
      const answer = await ask(served.port, pathname, { headers });
      expect([answer.status, code(answer)], pathname).toEqual([403, 'foreign-host']);
    }
  });
});

describe('other sites', () => {
  const body = JSON.stringify({ roots: ['make'], labels: [], inputs: {} });

  it('cannot write: no form, no text/plain, no foreign origin', async () => {
    const { port } = served;
    const before = await served.get<{ total: number }>('/api/runs');
    const attempts: Record<string, Record<string, string>> = {
      'no headers': {},
      'a form': { 'content-type': 'application/x-www-form-urlencoded' },
      'text/plain': { 'content-type': 'text/plain', 'x-codex-orch': '1' },
      'text/plain that says json': { 'content-type': 'text/plain; application/json' },
      'json without our header': { 'content-type': 'application/json' },
      'a foreign origin': { ...change, origin: 'https://evil.example' },
      'another port': { ...change, origin: `http://127.0.0.1:${port + 1}` },
      'a null origin': { ...change, origin: 'null' },
      'https of the same name': { ...change, origin: `https://127.0.0.1:${port}` },
      'cross-site': { ...change, 'sec-fetch-site': 'cross-site' },
      'same-site': { ...change, 'sec-fetch-site': 'same-site' },
    };
    for (const [name, headers] of Object.entries(attempts)) {
      const answer = await ask(port, '/api/runs', { method: 'POST', headers, body });
      expect([403, 415], name).toContain(answer.status);
      expect(answer.headers['access-control-allow-origin'], name).toBeUndefined();
    }
    for (const [method, pathname] of [
      ['DELETE', '/api/program/tasks/make'],
      ['PUT', '/api/program/tasks/make/yaml'],
      ['POST', `/api/runs/${runId}/abort`],
      ['OPTIONS', '/api/runs'],
    ] as const) {
      const answer = await ask(port, pathname, {
        method,
        headers: { origin: 'https://evil.example' },
      });
      expect(answer.status, pathname).toBe(403);
    }
    expect((await served.get<{ total: number }>('/api/runs')).total).toBe(before.total);
  });

  it('cannot read: neither by fetch, nor as a script, image or frame', async () => {
    const foreign: Record<string, string>[] = [
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' },
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
      {
        'sec-fetch-site': 'cross-site',
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'document',
      },
      { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' },
      { origin: 'https://evil.example' },
    ];
    for (const headers of foreign) {
      const answer = await ask(served.port, '/api/overview', { headers });
      expect([answer.status, code(answer)]).toEqual([403, 'cross-site']);
    }
  });

  it('may link to the page', async () => {
    const link = {
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    };
    expect((await ask(served.port, '/runs/x', { headers: link })).status).toBe(200);
    const frame = { ...link, 'sec-fetch-dest': 'iframe' };
    expect((await ask(served.port, '/runs/x', { headers: frame })).status).toBe(403);
  });

  it('does not stand in the way of its own page', async () => {
    const { port } = served;
    const own = { origin: `http://localhost:${port}`, 'sec-fetch-site': 'same-origin' };
    const answer = await ask(port, '/api/start/preview', {
      method: 'POST',
      headers: { ...change, ...own, host: `localhost:${port}` },
      body,
    });
    expect(answer.status).toBe(200);
  });
});

describe('every answer', () => {
  it('carries a strict policy, errors too', async () => {
    for (const pathname of ['/', '/assets/a.js', '/api/server', '/api/nope', '/assets/none.js']) {
      const { headers } = await ask(served.port, pathname);
      const policy = String(headers['content-security-policy']);
      expect(policy, pathname).toContain("default-src 'self'");
      expect(policy, pathname).toContain("frame-ancestors 'none'");
      expect(policy, pathname).not.toContain('unsafe');
      expect(headers['x-content-type-options'], pathname).toBe('nosniff');
      expect(headers['referrer-policy'], pathname).toBe('no-referrer');
      expect(headers['access-control-allow-origin'], pathname).toBeUndefined();
    }
  });
});

describe('files', () => {
  it('gives what agents made as text or as a download, never as something that runs', async () => {
    const base = `/api/runs/${runId}/instances/make`;
    const expected: Record<string, [type: string, disposition: string]> = {
      'page.html': ['text/plain; charset=utf-8', 'inline'],
      'drawing.svg': ['text/plain; charset=utf-8', 'inline'],
      'code.js': ['text/plain; charset=utf-8', 'inline'],
      'picture.png': ['image/png', 'inline'],
      'data.bin': ['application/octet-stream', 'attachment'],
      'final.md': ['text/plain; charset=utf-8', 'inline'],
    };
    for (const area of ['published', 'attempts/1/files']) {
      for (const [name, [type, disposition]] of Object.entries(expected)) {
        const { status, headers } = await ask(served.port, `${base}/${area}/${name}`);
        expect([status, headers['content-type']], name).toEqual([200, type]);
        expect(headers['content-disposition'], name).toMatch(new RegExp(`^${disposition};`));
        expect(headers['content-security-policy'], name).toContain('sandbox');
        expect(headers['x-content-type-options'], name).toBe('nosniff');
      }
    }
    const odd = await ask(
      served.port,
      `${base}/attempts/1/files/${encodeURIComponent('na me";x.md')}`,
    );
    expect(odd.status).toBe(200);
    expect(odd.headers['content-disposition']).toBe("inline; filename*=UTF-8''na%20me%22%3Bx.md");
    const download = await ask(served.port, `${base}/published/final.md?download=1`);
    expect(download.headers['content-disposition']).toMatch(/^attachment;/);
  });

  it('leaves no place by any spelling of a path, nor through a link', async () => {
    const base = `/api/runs/${runId}/instances/make`;
    const ways = [
      '../../../../../../secret.txt',
      '..%2f..%2f..%2f..%2f..%2f..%2fsecret.txt',
      '%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/secret.txt',
      '..%5c..%5csecret.txt',
      '%2fetc%2fpasswd',
      `%2f${encodeURIComponent(root)}%2fsecret.txt`,
      'link.txt',
      'sub/up/secret.txt',
      'x%00/../../secret.txt',
      '%252e%252e%252fsecret.txt',
    ];
    for (const way of ways) {
      for (const area of [
        `${base}/published`,
        `${base}/attempts/1/files`,
        '/api/program/files',
        `/api/runs/${runId}/interrupts/int-000000000000/artifacts`,
        '/assets',
        '',
      ]) {
        const answer = await ask(served.port, `${area}/${way}`);
        expect(answer.text, `${area}/${way}`).not.toBe('secret');
        // What is no path of the API at all is an address of the page, or of nothing.
        if (answer.status === 200) expect(answer.text, `${area}/${way}`).toContain('<title>page');
      }
    }
  });

  it('serves authored files, and neither dot files nor links out of the program', async () => {
    expect((await ask(served.port, '/api/program/files/project.yaml')).status).toBe(200);
    for (const file of [
      '.env',
      '.runs/x',
      `.runs/${runId}/events.jsonl`,
      'prompts-link.md',
      'none',
    ]) {
      const answer = await ask(served.port, `/api/program/files/${file}`);
      expect([403, 404], file).toContain(answer.status);
    }
  });

  it('takes ids for ids', async () => {
    for (const pathname of [
      '/api/runs/..%2f..',
      '/api/runs/%00',
      '/api/runs/x/instances/y',
      `/api/runs/${runId}/instances/..%2f..`,
      `/api/runs/${runId}/instances/make/attempts/99`,
      `/api/runs/${runId}/interrupts/..%2fx`,
      `/api/runs/${runId}/proposals/..%2fx`,
      '/api/program/tasks/..%2f..%2fproject',
      '/api/program/tasks/__proto__',
    ]) {
      expect((await ask(served.port, pathname)).status, pathname).toBe(404);
    }
  });
});

describe('bodies', () => {
  it('are bounded, and must be JSON objects', async () => {
    const send = (body: string): Promise<Answer> =>
      ask(served.port, '/api/start/preview', { method: 'POST', headers: change, body });
    expect((await send('{')).status).toBe(400);
    expect((await send('[]')).status).toBe(400);
    expect((await send('{"roots":"make"}')).status).toBe(400);
    expect((await send(`{"inputs":${'['.repeat(500)}${']'.repeat(500)}}`)).status).toBe(400);
    expect((await send(`{"x":"${'x'.repeat(5 << 20)}"}`)).status).toBe(413);
  });
});

describe('a request that breaks off', () => {
  it('is no defect, whatever part of it came', async () => {
    const { port, server, defects } = served;
    const head = [
      'POST /api/start/preview HTTP/1.1',
      `host: 127.0.0.1:${port}`,
      `authorization: Bearer ${server.token}`,
      ...Object.entries(change).map(([name, value]) => `${name}: ${value}`),
    ];
    const sent = [
      'POST /api/start',
      [...head, ''].join('\r\n'),
      [...head, 'content-length: 1000', '', '{"roots":'].join('\r\n'),
      [...head, 'transfer-encoding: chunked', '', '9', '{"roots":', ''].join('\r\n'),
      [...head, 'transfer-encoding: chunked', '', '9', '{"roots":', 'zz', ''].join('\r\n'),
      [...head, 'expect: 100-continue', 'content-length: 1000', '', ''].join('\r\n'),
      [`GET /api/live HTTP/1.1`, ...head.slice(1, 3), '', ''].join('\r\n'),
    ];
    for (const text of sent) {
      for (const reset of [true, false]) {
        const socket = connect(port, '127.0.0.1');
        await once(socket, 'connect');
        await new Promise((resolve) => socket.write(text, resolve));
        if (reset) socket.resetAndDestroy();
        else socket.end();
        socket.on('error', () => undefined).resume();
        if (!socket.destroyed) await once(socket, 'close');
      }
    }
    // What the server made of them, it has made by the time that it answers.
    for (let turn = 0; turn < 3; turn += 1) await served.get('/api/server');
    expect(defects).toEqual([]);
  });
});

describe('slow clients', () => {
  it('keep nobody else out, however many they are, and are not waited for', async () => {
    const { port } = served;
    const head = `GET /api/server HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n`;
    const sent = [
      '',
      head,
      `${head}\r\n`,
      `POST /api/login HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nx-codex-orch: 1\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{`,
    ];
    const sockets: Socket[] = [];
    const open = async (text: string): Promise<Socket> => {
      const socket = connect(port, '127.0.0.1').on('error', () => undefined);
      sockets.push(socket);
      await once(socket, 'connect');
      socket.write(text);
      return socket;
    };
    try {
      // A stream of the person's that is there before them stays.
      const agent = new Agent({ keepAlive: true });
      const mine = request({
        ...{ host: '127.0.0.1', port, path: '/api/live', agent },
        headers: { authorization: `Bearer ${served.server.token}` },
      }).end();
      const [stream] = (await once(mine, 'response')) as [IncomingMessage];
      let isOver = false;
      stream.resume().on('close', () => (isOver = true));
      for (let each = 0; each < 500; each += 1) await open(sent[each % sent.length] ?? '');
      await served.get('/api/server');
      const slow = await open(head);
      await served.get('/api/server');
      // It goes on as slowly as it may.
      const drop = setInterval(() => slow.write('x-more: 1\r\n'), 500);
      let answer = '';
      slow.on('data', (bytes: Buffer) => (answer += bytes.toString()));
      // An error on the way, as of a write that comes too late, is no matter.
      await new Promise((resolve) => slow.on('error', () => undefined).once('close', resolve));
      clearInterval(drop);
      expect(answer).toContain('HTTP/1.1 4');
      expect(isOver).toBe(false);
      mine.destroy();
      agent.destroy();
      expect(served.defects).toEqual([]);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  }, 60_000);
});

describe('a token', () => {
  const login = (port: number, token: string): Promise<Answer> =>
    ask(port, '/api/login', {
      ...{ method: 'POST', headers: change, stranger: true },
      body: JSON.stringify({ token }),
    });

  it('is asked for on loopback too, and becomes a cookie that no script reads', async () => {
    const { port, server } = served;
    const stranger = { stranger: true };
    for (const pathname of ['/api/server', '/api/live', '/api/openapi.json', '/api/nope']) {
      const answer = await ask(port, pathname, stranger);
      expect([answer.status, code(answer)], pathname).toEqual([401, 'token-missing']);
      expect(answer.headers['www-authenticate']).toBe('Bearer');
    }
    const body = JSON.stringify({ roots: ['make'], labels: [], inputs: {} });
    const post = { method: 'POST', headers: change, body, ...stranger };
    expect((await ask(port, '/api/runs', post)).status).toBe(401);
    for (const pathname of ['/', '/runs/x', '/index.html', '/sign-in.html']) {
      const page = await ask(port, pathname, stranger);
      expect([page.status, page.headers['cache-control']], pathname).toEqual([401, 'no-store']);
      expect(page.text).toContain('<title>sign in');
    }
    expect((await ask(port, '/assets/a.js', stranger)).status).toBe(200);

    for (const authorization of [
      'Bearer wrong',
      'Bearer ',
      server.token,
      `Basic ${server.token}`,
    ]) {
      const answer = await ask(port, '/api/server', { headers: { authorization } });
      expect(answer.status, authorization).toBe(401);
    }
    expect((await login(port, 'wrong')).status).toBe(401);
    const entered = await login(port, server.token);
    expect(entered.status).toBe(204);
    const [cookie = ''] = entered.headers['set-cookie'] ?? [];
    expect(cookie).toMatch(
      new RegExp(`^codex-orch-${port}=\\S+; Path=/; HttpOnly; SameSite=Strict$`),
    );
    expect(cookie).not.toContain(server.token);
    const [pair = ''] = cookie.split(';');
    const by = (text: string): Promise<Answer> =>
      ask(port, '/api/server', { headers: { cookie: text }, ...stranger });
    expect((await by(pair)).status).toBe(200);
    // Another program on this host may have set one of the same name.
    expect((await by(`codex-orch-${port}=junk; a=b; ${pair}`)).status).toBe(200);
    expect((await by(`${pair}x`)).status).toBe(401);
    expect((await by(pair.replace(String(port), String(port + 1)))).status).toBe(401);
    const stream = await ask(port, '/api/live', {
      method: 'HEAD',
      headers: { cookie: pair },
      ...stranger,
    });
    expect([stream.status, stream.headers['content-type']]).toEqual([
      200,
      'text/event-stream; charset=utf-8',
    ]);
    expect((await ask(port, '/', { headers: { cookie: pair }, ...stranger })).text).toContain(
      '<title>page',
    );
  });

  it('is not taken from a query, and does not stay in one', async () => {
    const { port, server } = served;
    const opened = await ask(port, `//evil.example/x?token=${server.token}&at=1`, {
      stranger: true,
    });
    expect([opened.status, opened.headers.location]).toEqual([303, '/evil.example/x?at=1']);
    expect(opened.headers['set-cookie']).toBeUndefined();
    const api = await ask(port, `/api/server?token=${server.token}`, { stranger: true });
    expect(api.status).toBe(401);
  });

  it('is new at each start, and the cookie with it, also where the token is one’s own', async () => {
    const token = 'correct-horse-battery-staple';
    const cookies: string[] = [];
    for (let turn = 0; turn < 2; turn += 1) {
      const other = await serve(dir, token);
      try {
        expect(other.server.url).toBe(`http://127.0.0.1:${other.port}/#token=${token}`);
        expect((await ask(other.port, '/api/server')).status).toBe(200);
        const answer = await login(other.port, token);
        cookies.push(/=(\S+);/.exec(answer.headers['set-cookie']?.[0] ?? '')?.[1] ?? '');
      } finally {
        await other.server.close();
      }
    }
    expect(cookies[0]).toMatch(/^\S{20,}$/);
    expect(cookies[1]).not.toBe(cookies[0]);
    const [one, two] = await Promise.all([serve(dir), serve(dir)]);
    await Promise.all([one.server.close(), two.server.close()]);
    expect(one.server.token).not.toBe(two.server.token);
    expect(one.server.token.length).toBeGreaterThanOrEqual(32);
    await expect(serve(dir, 'short')).rejects.toThrow(/16 characters/);
    await expect(serve(dir, 'with spaces, which no header has')).rejects.toThrow(/no spaces/);
  });

  it('does not make up for a foreign host beyond loopback', async () => {
    const open = await startWebServer({
      world: ownWorld,
      place: { programDir: dir, globalRoot: root },
      host: '0.0.0.0',
      port: 0,
      token: null,
      pageDir: root,
      version: 'x',
      onDefect: () => undefined,
    });
    try {
      expect(open.url).toBe(`http://localhost:${open.port}/#token=${open.token}`);
      expect((await ask(open.port, '/api/server')).status).toBe(401);
      const headers = { host: `evil.example:${open.port}`, authorization: `Bearer ${open.token}` };
      expect((await ask(open.port, '/api/server', { headers })).status).toBe(403);
    } finally {
      await open.close();
    }
  });
});
