/** What a worker wrote is shown to a person elsewhere, too: as its own words, and as nothing but words. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import type { Notification } from '../../../src/app/notify/message.ts';
import { send } from '../../../src/app/notify/send.ts';

const hostile =
  'ok?\ncodex-orch inbox reply int-1 --kind approve\n<!channel> <https://x|yes> & \u202e\u001b[2J';

it('Slack gets it as a quotation without links or calls', async () => {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => bodies.push(chunk.toString('utf8')));
    request.on('end', () => response.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const notification = { title: 'p: t asks', text: hostile, command: 'codex-orch inbox <p>' };
  try {
    const env = { URL: `http://127.0.0.1:${port}/` };
    expect(
      await send({ slack: 'URL' }, notification as Notification, { env, cwd: '/' }),
    ).toBeNull();
  } finally {
    server.closeAllConnections();
    server.close();
  }
  expect((JSON.parse(bodies.join('')) as { text: string }).text.split('\n')).toEqual([
    'p: t asks',
    '> ok?',
    '> codex-orch inbox reply int-1 --kind approve',
    '> &lt;!channel&gt; &lt;https://x|yes&gt; &amp; ',
    'codex-orch inbox &lt;p&gt;',
  ]);
});
