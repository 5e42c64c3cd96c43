/** The way to a server that asks whoever comes for a certificate of its own authority, with sealed arguments. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { connect, type AddressInfo } from 'node:net';
import path from 'node:path';
import { createServer, type Server } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { probeServer } from '../../../src/execution/temporal/server-probe.ts';
import type { TemporalSettings } from '../../../src/model/machines.ts';
import { makeAuthority, makeCertificate } from '../../support/certificates.ts';
import {
  startTemporalServer,
  temporalProblem,
  type TemporalServer,
} from '../../support/temporal-server.ts';
import { temporaryDirectory } from '../local/orders.ts';
import { remoteOrder } from './remote-attempts.ts';
import { endWorkers, fastSettings, remoteExecutor, startWorkerProcess } from './workers.ts';

const problem = temporalProblem();
if (problem !== null) process.stderr.write(`\n*** SKIPPED: mutual TLS: ${problem}\n\n`);

describe.skipIf(problem !== null)('a server that asks for certificates', () => {
  const root = temporaryDirectory('mutual-tls');
  const env = { QUEUE_KEY: randomBytes(32).toString('hex') };
  let server: TemporalServer | undefined;
  let door: Server | undefined;
  let settings: TemporalSettings;

  beforeAll(async () => {
    server = await startTemporalServer(root);
    for (const name of ['ours', 'strangers']) makeAuthority(root, name);
    makeCertificate(root, 'server', 'ours');
    makeCertificate(root, 'client', 'ours');
    makeCertificate(root, 'stranger', 'strangers');
    const { host = '', port = '' } =
      /^(?<host>.*):(?<port>\d+)$/.exec(server.address)?.groups ?? {};
    const asks = { requestCert: true, rejectUnauthorized: true, ALPNProtocols: ['h2'] };
    const shown = { cert: text('server.pem'), key: text('server.key'), ca: text('ours.pem') };
    door = createServer({ ...asks, ...shown }, (near) => {
      const far = connect(Number(port), host);
      near.pipe(far).pipe(near);
      for (const each of [near, far])
        each.on('error', () => [near, far].map((one) => one.destroy()));
    });
    const listening = door;
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
    const address = `127.0.0.1:${(listening.address() as AddressInfo).port}`;
    const tls = { ca: file('ours.pem'), cert: file('client.pem'), key: file('client.key') };
    settings = { ...fastSettings(address), tls, queue_key_env: 'QUEUE_KEY' };
  });

  afterAll(async () => {
    await endWorkers();
    door?.close();
    await server?.kill();
  });

  it('hands attempts to workers that show one', async () => {
    const queue = 'behind-tls';
    const worker = await startWorkerProcess(path.join(root, 'worker'), { settings, queue, env });
    const globalRoot = path.join(root, 'global');
    mkdirSync(globalRoot);
    const depot = path.join(root, 'depot');
    const executor = remoteExecutor(settings, { depot, globalRoot, env });
    try {
      const made = remoteOrder(root, 'exit 7');
      const order = { ...made, remote: { ...(made.remote as object), queue } } as typeof made;
      const handle = await executor.start(order, () => undefined);
      expect(await handle.ended).toMatchObject({ return_code: 7, failure_kind: 'task_runtime' });
    } finally {
      await executor.close();
    }
    worker.kill('SIGTERM');
    await worker.gone;
  });

  it('lets nobody in who shows none, or that of another authority, and is not believed by whoever knows another', async () => {
    const { ca } = settings.tls ?? { ca: null };
    const [cert, key] = [file('stranger.pem'), file('stranger.key')];
    const others = { ...settings.tls, ca: file('strangers.pem') } as TemporalSettings['tls'];
    for (const tls of [{ ca, cert: null, key: null }, { ca, cert, key }, others]) {
      await expect(probeServer({ ...settings, tls }, env, [])).rejects.toMatchObject({
        code: 'temporal-unreachable',
      });
    }
    expect((await probeServer(settings, env, [])).version).toMatch(/^1\./);
  });

  function file(name: string): string {
    return path.join(root, name);
  }

  function text(name: string): string {
    return readFileSync(file(name), 'utf8');
  }
});
