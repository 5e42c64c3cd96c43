import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { launchersHere, LocalExecutor } from '../../../../src/execution/local/executor.ts';
import { DepotServer } from '../../../../src/execution/temporal/depot/server.ts';
import { Contact } from '../../../../src/execution/temporal/worker/contact.ts';
import { HostedAttempts } from '../../../../src/execution/temporal/worker/hosted-attempts.ts';
import type { Placement } from '../../../../src/execution/temporal/protocol.ts';
import { freePorts } from '../../../support/free-ports.ts';
import { smallDisk } from '../../../support/small-disk.ts';
import { until } from '../../local/orders.ts';
import { deliveryOf, host, remoteOrder, runSide, type Host } from '../remote-attempts.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

function hosting(machine: Host): { attempts: HostedAttempts; said: string[] } {
  const said: string[] = [];
  const executor = new LocalExecutor({ env: machine.env, launchers: launchersHere() });
  const attempts = new HostedAttempts({
    host: 'h',
    root: path.join(machine.directory, 'attempts'),
    executor,
    contact: new Contact(),
    deliver: (placement) => deliveryOf(placement, machine),
    say: (what) => said.push(what),
    changed: () => undefined,
  });
  ends.push(async () => {
    attempts.leave();
    await executor.close();
  });
  return { attempts, said };
}

async function serve(globalRoot: string, listen: string): Promise<DepotServer> {
  const server = await DepotServer.start({ globalRoot, listen, insecure: false });
  ends.push(() => server.close());
  return server;
}

describe('an attempt on its host', () => {
  it('that its depot will not have any more is ended and told as lost, not as if it had never begun', async () => {
    const [port = 0] = await freePorts(1);
    const listen = `127.0.0.1:${port}`;
    const side = runSide({ depot: { directory: null, listen, url: null } });
    const first = await serve(side.globalRoot, listen);
    const begun = path.join(side.root, 'begun');
    const order = remoteOrder(side.root, `touch ${begun}; exec sleep 600`);
    const { attempts, said } = hosting(host());
    const hosted = await attempts.begin(await side.dispatch.give(order));
    if ('kind' in hosted) throw new Error(hosted.kind);
    await until('it is at work', () => existsSync(begun));
    await first.close();
    // Another key: no token that was given opens anything any more.
    rmSync(path.join(side.globalRoot, 'depot.key'));
    await serve(side.globalRoot, listen);
    expect(await hosted.result).toMatchObject({
      kind: 'lost',
      why: expect.stringContaining('403'),
    });
    expect(said.join('\n')).toContain('403');
  });

  it('that may not speak to its depot is refused by name, before anything begins', async () => {
    const { attempts } = hosting(host());
    const placement: Placement = {
      ...{ protocol: 1, id: '20260101000000-00000000/i/1.0', token: 't', manifestSha256: 'm' },
      depot: { url: 'http://depot.example' },
      fenceMs: 600_000,
    };
    const why = expect.stringContaining('speaks plain text') as string;
    expect(await attempts.begin(placement)).toEqual({ kind: 'refused', why });
    expect(await attempts.take(placement)).toEqual({ kind: 'refused', why });
  });

  it('waits for a directory of a depot that is not there', async () => {
    const side = runSide();
    const shared = side.depot.directory ?? '';
    const placement = await side.dispatch.give(remoteOrder(side.root, ':'));
    const elsewhere = { ...placement, depot: { directory: path.join(side.root, 'mounted') } };
    const { attempts, said } = hosting(host());
    const hosted = await attempts.begin(elsewhere);
    if ('kind' in hosted) throw new Error(hosted.kind);
    await until('it is missed', () => said.join('\n').includes('is not there'));
    renameSync(shared, path.join(side.root, 'mounted'));
    expect(await hosted.result).toEqual({ kind: 'ended' });
  });

  it('that nobody has taken for 7 days is given up, and leaves no more than that', async () => {
    const machine = host();
    const side = runSide();
    const [begun, go] = [path.join(side.root, 'begun'), path.join(side.root, 'go')];
    const waits = `until [ -e ${go} ] || ! [ -d ${side.root} ]; do sleep 0.02; done`;
    const order = remoteOrder(side.root, `touch ${begun}; ${waits}`);
    const { attempts, said } = hosting(machine);
    const hosted = await attempts.begin(await side.dispatch.give(order));
    if ('kind' in hosted) throw new Error(hosted.kind);
    vi.useFakeTimers({ toFake: ['performance'] });
    ends.push(async () => void vi.useRealTimers());
    await until('it is at work', () => existsSync(begun));
    renameSync(side.depot.directory ?? '', path.join(side.root, 'not mounted'));
    writeFileSync(go, '');
    await until('it waits', () => said.join('\n').includes('trying again'));
    vi.advanceTimersByTime(7 * 24 * 3_600_000);
    expect(await hosted.result).toEqual({
      kind: 'lost',
      why: expect.stringContaining('nobody has taken it for 7 days') as string,
    });
    const kept = readdirSync(path.join(machine.directory, 'attempts'));
    expect(kept).toHaveLength(1);
    expect(existsSync(path.join(machine.directory, 'attempts', kept[0] ?? '', 'place'))).toBe(
      false,
    );
  });

  it('for which there is no room is refused by name after minutes, and leaves the room to others', async (context) => {
    const machine = host();
    const disk = smallDisk(path.join(machine.directory, 'attempts'), '2m');
    if (disk === null) return context.skip();
    ends.push(async () => disk.unmount());
    const side = runSide();
    const large = remoteOrder(side.root, ':');
    writeFileSync(path.join(large.attemptDir, 'large'), Buffer.alloc(8 << 20, 'x'));
    const { attempts, said } = hosting(machine);
    vi.useFakeTimers({ toFake: ['performance'] });
    ends.push(async () => void vi.useRealTimers());
    const hosted = await attempts.begin(await side.dispatch.give(large));
    if ('kind' in hosted) throw new Error(hosted.kind);
    await until('it is tried again', () => said.join('\n').includes('trying again'));
    vi.advanceTimersByTime(5 * 60_000);
    expect(await hosted.result).toEqual({
      kind: 'refused',
      why: expect.stringContaining('ENOSPC') as string,
    });
    const small = await attempts.begin(await side.dispatch.give(remoteOrder(side.root, ':')));
    if ('kind' in small) throw new Error(small.kind);
    expect(await small.result).toEqual({ kind: 'ended' });
  });

  it('that cannot be claimed for want of room is left to others', async (context) => {
    const machine = host();
    const disk = smallDisk(path.join(machine.directory, 'attempts'), '1m');
    if (disk === null) return context.skip();
    ends.push(async () => disk.unmount());
    const side = runSide();
    const { attempts, said } = hosting(machine);
    const placement = await side.dispatch.give(remoteOrder(side.root, ':'));
    const filled = disk.fill();
    expect(await attempts.begin(placement)).toEqual({ kind: 'never_started' });
    expect(said.join('\n')).toContain('its disk is full');
    rmSync(filled);
    const next = await attempts.begin(await side.dispatch.give(remoteOrder(side.root, ':')));
    if ('kind' in next) throw new Error(next.kind);
    expect(await next.result).toEqual({ kind: 'ended' });
  });
});
