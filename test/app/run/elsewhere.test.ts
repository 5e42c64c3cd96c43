import { createServer, type AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { executorElsewhere } from '../../../src/app/run/elsewhere.ts';
import { temporalDefaults } from '../../../src/model/machines.ts';
import { temporaryDirectory } from '../../program/sample-program.ts';

it('the port of the depot is free again where what reaches the server cannot be made', async () => {
  const free = createServer();
  await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
  const { port } = free.address() as AddressInfo;
  await new Promise((resolve) => free.close(resolve));
  const env = { CODEX_ORCH_GLOBAL_ROOT: temporaryDirectory() };
  const depot = { directory: null, listen: `127.0.0.1:${port}`, url: null };
  const temporal = { ...temporalDefaults, queue_key_env: 'NO_SUCH_KEY' };
  const made = executorElsewhere({ env, cwd: '/' }, { temporal, depot });
  await expect(made).rejects.toMatchObject({
    message: expect.stringContaining('NO_SUCH_KEY') as string,
  });
  const again = createServer();
  await new Promise<void>((resolve, reject) => {
    again.once('error', reject);
    again.listen(port, '127.0.0.1', resolve);
  });
  await new Promise((resolve) => again.close(resolve));
});
