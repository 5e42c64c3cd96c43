import { createServer, type AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { probeServer } from '../../../src/execution/temporal/server-probe.ts';
import { temporalDefaults } from '../../../src/model/machines.ts';

it('names a server that says nothing, in words of its own', async () => {
  const silent = createServer((socket) => void socket.on('error', () => undefined));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  try {
    await expect(probeServer({ ...temporalDefaults, address }, {}, [])).rejects.toMatchObject({
      code: 'temporal-unreachable',
      message: `Temporal at ${address} cannot be reached: no answer within 5 s.`,
    });
  } finally {
    silent.close();
  }
});
