/** What the page has read, while the server answers late. */
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prefetch, remember, whenLoaded } from '../../../src/web/page/data/resource.ts';

describe('what was read of the server', () => {
  let server: Server;
  let address: string;

  beforeAll(async () => {
    server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  /** Begins to read; the answer is given by the one who asked for it. */
  async function asked(path: string): Promise<ServerResponse> {
    prefetch(path);
    const [, response] = (await once(server, 'request')) as [unknown, ServerResponse];
    return response;
  }

  it('does not take the place of what was saved while it was under way', async () => {
    const path = `${address}/saved`;
    const response = await asked(path);
    remember(path, { text: 'saved' });
    response.end('{"text":"from before"}');
    // It is read again only once that reading has ended.
    const again = once(server, 'request');
    const asking = setInterval(() => prefetch(path), 5);
    await again;
    clearInterval(asking);
    expect(await whenLoaded(path)).toEqual({ text: 'saved' });
  });

  it('is there for whoever waits for it, also where it is not to be had', async () => {
    const response = await asked(`${address}/gone`);
    const waiting = whenLoaded(`${address}/gone`);
    response.statusCode = 404;
    response.end('{"error":{"code":"not-found","message":"gone","hint":null}}');
    expect(await waiting).toBeNull();
  });
});
