import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { DepotServer } from '../../../src/execution/temporal/depot/server.ts';
import { attemptPlaces, depotRoot } from '../../../src/execution/temporal/depot/layout.ts';
import { depotKey, tokenFor } from '../../../src/execution/temporal/depot/token.ts';
import { DepotFailure } from '../../../src/execution/temporal/protocol.ts';
import type { AttemptOrder } from '../../../src/model/attempt.ts';
import { freePorts } from '../../support/free-ports.ts';
import { read, temporaryDirectory } from '../local/orders.ts';
import {
  deliveryOf,
  host,
  keptOn,
  madeTree,
  placeOn,
  remoteOrder,
  runSide,
  treeOrder,
  workOn,
  type RunSide,
} from './remote-attempts.ts';

const open: DepotServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function served(): Promise<RunSide & { url: string }> {
  const [port] = await freePorts(1);
  const listen = `127.0.0.1:${port}`;
  const side = runSide({ depot: { directory: null, listen, url: null } });
  const { globalRoot } = side;
  open.push(await DepotServer.start({ globalRoot, listen, insecure: false }));
  return { ...side, url: `http://${listen}` };
}

function placesOf({ depot }: RunSide, order: AttemptOrder, id: string) {
  return attemptPlaces(depotRoot(depot, order.remote?.runDir ?? ''), id);
}

interface Body {
  method: string;
  body: string;
}

/** `what` goes as it is: `fetch` would resolve its `..` first. */
function asked(
  url: string,
  id: string,
  what: string,
  token: string,
  { method, body }: Body = { method: 'GET', body: '' },
): Promise<{ status: number; text: string }> {
  const { hostname, port } = new URL(url);
  const headers = { authorization: `Bearer ${token}`, 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const options = { hostname, port, path: `/depot/v1/${id}/${what}`, method, headers };
    const asking = request(options, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', reject);
    });
    asking.on('error', reject);
    asking.end(body);
  });
}

/** A connection that has begun to send what has no length, and all that is said to it until it is closed. */
function begun(url: string, id: string, token: string): { socket: Socket; told: Promise<string> } {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  const told = new Promise<string>((resolve) => {
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.on('close', () => resolve(text));
    socket.on('error', () => resolve(text));
  });
  const lines = [
    `PUT /depot/v1/${id}/sign HTTP/1.1`,
    'host: x',
    `authorization: Bearer ${token}`,
    'transfer-encoding: chunked',
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  return { socket, told };
}

describe('the endpoint of a depot', () => {
  it('hands an attempt over and takes in what it left, in a tree of its own', async () => {
    const side = await served();
    const made = await madeTree(side.root);
    const run = 'echo two >> a.txt; echo hello; echo left > "$CODEX_ORCH_ATTEMPT_DIR/left.txt"';
    const order = treeOrder(side.root, made, run);
    const placement = await side.dispatch.give(order);
    expect(JSON.stringify(placement).length).toBeLessThan(4096);
    await workOn(placement, host());
    expect(await side.dispatch.takeIn(order)).toMatchObject({ termination_reason: 'completed' });
    expect(readFileSync(path.join(made.tree.directory, 'a.txt'), 'utf8')).toBe('one\ntwo\n');
    expect(read(order, 'left.txt')).toBe('left\n');
    expect(read(order, 'events.jsonl')).toBe('hello\n');
    await side.dispatch.close(order);
    const delivery = deliveryOf(placement, host());
    const sign = { host: 'h', state: 'running', at: new Date().toISOString() } as const;
    expect(await delivery.sign(sign)).toEqual({ stop: null, isOver: true });
  });

  it('opens nothing to a token that is missing, wrong, of another attempt or expired', async () => {
    const side = await served();
    const order = remoteOrder(side.root, 'true');
    const { id, token } = await side.dispatch.give(order);
    const other = remoteOrder(side.root, 'true');
    const { token: foreign } = await side.dispatch.give(other);
    const key = depotKey(side.globalRoot);
    expect((await asked(side.url, id, 'manifest', token)).status).toBe(200);
    const none = await fetch(`${side.url}/depot/v1/${id}/manifest`);
    expect([none.status, await none.text()]).toEqual([401, expect.stringContaining('no token')]);
    for (const [wrong, why] of [
      ['x', 'none of ours'],
      [token.slice(0, -1) + (token.endsWith('0') ? '1' : '0'), 'does not open'],
      [foreign, 'does not open'],
      [token.replace(/^\d+/, (at) => String(Number(at) + 1)), 'does not open'],
      [tokenFor(key, id, Date.now() - 1000), 'expired'],
      [tokenFor(key, `${id}1`, Date.now() + 1000), 'does not open'],
    ] as const) {
      const body = 'x';
      for (const [what, init] of [
        ['manifest', undefined],
        ['output/events.jsonl?offset=0', { method: 'PUT', body }],
        ['end', { method: 'PUT', body: '{}' }],
      ] as const) {
        const { status, text } = await asked(side.url, id, what, wrong, init);
        expect([what, status, text]).toEqual([what, 403, expect.stringContaining(why)]);
      }
    }
    const { status, text } = await asked(side.url, 'no/such/1.0', 'manifest', token);
    expect([status, text]).toEqual([403, expect.stringContaining('does not open')]);
    expect(statSync(path.join(side.globalRoot, 'depot.key')).mode & 0o777).toBe(0o600);
  });

  it('hands its token to no agent: it lies in what the worker keeps, for its user alone', async () => {
    const side = await served();
    const order = remoteOrder(side.root, 'env; cat /proc/self/environ; cat /proc/$PPID/cmdline');
    const placement = await side.dispatch.give(order);
    const machine = host();
    await workOn(placement, machine);
    await side.dispatch.takeIn(order);
    const [secret = ''] = placement.token.split('.').slice(1);
    expect(secret).toHaveLength(64);
    expect(read(order, 'events.jsonl')).toContain('CODEX_ORCH_ATTEMPT_DIR=');
    expect(read(order, 'events.jsonl')).not.toContain(secret);
    const found = spawnSync('grep', ['-rl', secret, machine.directory], { encoding: 'utf8' });
    const kept = path.join(keptOn(machine, placement).directory, 'placement.json');
    expect(found.stdout).toBe(`${kept}\n`);
    expect([kept, path.dirname(kept)].map((one) => statSync(one).mode & 0o077)).toEqual([0, 0]);
  });

  it('gives away no blob that the manifest does not name, and no other file', async () => {
    const side = await served();
    const order = remoteOrder(side.root, 'true');
    const { id, token } = await side.dispatch.give(order);
    const other = remoteOrder(side.root, 'true');
    mkdirSync(path.join(other.attemptDir, 'context'), { recursive: true });
    writeFileSync(path.join(other.attemptDir, 'context', 'secret'), 'another instance has this');
    const { id: otherId, token: otherToken } = await side.dispatch.give(other);
    const manifest = JSON.parse((await asked(side.url, otherId, 'manifest', otherToken)).text) as {
      files: { path: string; sha256: string }[];
    };
    const secret = manifest.files.find((file) => file.path.endsWith('secret'))?.sha256 ?? '';
    expect((await asked(side.url, otherId, `blobs/${secret}`, otherToken)).status).toBe(200);
    expect((await asked(side.url, id, `blobs/${secret}`, token)).status).toBe(403);
    for (const what of [
      'blobs/..%2f..%2fdepot.key',
      '../../../../depot.key',
      'blobs/%2e%2e',
      'orders.json',
      'output/..%2fmanifest.json',
      'x',
    ]) {
      const { status, text } = await asked(side.url, id, what, token);
      expect([403, 404], what).toContain(status);
      expect(text).not.toContain(readFileSync(path.join(side.globalRoot, 'depot.key'), 'latin1'));
    }
    const put = { method: 'PUT', body: 'x' };
    for (const what of [
      'questions/..%2f..%2fx.json',
      'output/x?offset=0',
      'blobs/..',
      'manifest',
    ]) {
      expect([403, 404, 410]).toContain((await asked(side.url, id, what, token, put)).status);
    }
  });

  it('takes no blob of another hash, and nothing without end', async () => {
    const side = await served();
    const order = remoteOrder(side.root, 'true');
    const { id, token } = await side.dispatch.give(order);
    const hash = 'a'.repeat(64);
    const wrong = await asked(side.url, id, `blobs/${hash}`, token, { method: 'PUT', body: 'x' });
    expect(wrong.status).toBe(422);
    const { blobs, directory } = placesOf(side, order, id);
    expect(() => readFileSync(path.join(blobs, hash))).toThrow();
    // Without a length: what is sent is counted.
    const { socket, told } = begun(side.url, id, token);
    const part = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    socket.write(part);
    socket.write(part);
    expect(await told).toContain('413');
    expect(() => readFileSync(path.join(directory, 'sign.json'))).toThrow();
  });

  it('waits for nobody who has begun and says nothing more', async () => {
    const side = await served();
    const { id, token } = await side.dispatch.give(remoteOrder(side.root, 'true'));
    const { told } = begun(side.url, id, token);
    // It is closed after 20 s; the test's own limit tells where it is not.
    expect(await told).not.toContain('200');
  });

  it('appends what is sent twice once, and says how much it has', async () => {
    const side = await served();
    const order = remoteOrder(side.root, 'true');
    const { id, token } = await side.dispatch.give(order);
    const put = async (offset: number, body: string): Promise<number> => {
      const what = `output/events.jsonl?offset=${offset}`;
      const { text } = await asked(side.url, id, what, token, { method: 'PUT', body });
      return (JSON.parse(text) as { size: number }).size;
    };
    expect(await put(0, 'one\n')).toBe(4);
    expect(await put(0, 'one\n')).toBe(4);
    expect(await put(2, 'e\ntwo\n')).toBe(8);
    // What is missing in between is not made up.
    expect(await put(100, 'x')).toBe(8);
    const file = placesOf(side, order, id).output('events.jsonl');
    expect(readFileSync(file, 'utf8')).toBe('one\ntwo\n');
  });

  it('is taken over by another engine of the user when the first ends; not by a stranger', async () => {
    const side = await served();
    const { globalRoot, depot } = side;
    const listen = depot.listen ?? '';
    const order = remoteOrder(side.root, 'true');
    const { id, token } = await side.dispatch.give(order);
    const second = await DepotServer.start({ globalRoot, listen, insecure: false });
    open.push(second);
    expect(second.port).toBeNull();
    await open[0]?.close();
    for (let status = 0; status !== 200;) {
      status = await asked(side.url, id, 'manifest', token).then(
        (answer) => answer.status,
        () => 0,
      );
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(second.port).toBe(Number(new URL(side.url).port));
    const stranger = temporaryDirectory('depot-stranger');
    await expect(
      DepotServer.start({ globalRoot: stranger, listen, insecure: false }),
    ).rejects.toMatchObject({ code: 'depot-port-taken' });
  });

  it('speaks plain text to this machine alone, unless it is said', async () => {
    const globalRoot = temporaryDirectory('depot-plain');
    const start = DepotServer.start({
      globalRoot,
      listen: '0.0.0.0:0',
      insecure: false,
    });
    await expect(start).rejects.toMatchObject({ code: 'depot-insecure' });
    const side = runSide({
      depot: { directory: null, listen: '127.0.0.1:1', url: 'http://10.0.0.1:8000' },
    });
    const placement = await side.dispatch.give(remoteOrder(side.root, 'true'));
    expect(() => deliveryOf(placement, host())).toThrow(/plain text/);
  });

  it('is away: that passes, and the same call is done again', async () => {
    const side = await served();
    const { globalRoot, depot } = side;
    const order = remoteOrder(side.root, 'echo kept');
    const placement = await side.dispatch.give(order);
    const machine = host();
    const delivery = deliveryOf(placement, machine);
    await delivery.layOut(placeOn(machine, placement));
    await open.pop()?.close();
    const sign = { host: 'h', state: 'running', at: new Date().toISOString() } as const;
    const failure = await delivery.sign(sign).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DepotFailure);
    expect((failure as DepotFailure).kind).toBe('passes');
    const listen = depot.listen ?? '';
    open.push(await DepotServer.start({ globalRoot, listen, insecure: false }));
    expect(await delivery.sign(sign)).toEqual({ stop: null, isOver: false });
  });
});
