/** A session of the real, pinned Codex CLI, begun on one host and gone on with on another. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sessionFile } from '../../../src/agents/codex/session-use.ts';
import type { AttemptOrder } from '../../../src/model/attempt.ts';
import { codexHome } from '../../support/codex.ts';
import { modelScript, startModelServer, type ModelServer } from '../../support/model-server.ts';
import {
  carried,
  host,
  nextOrder,
  remoteOrder,
  runSide,
  workOn,
  type Host,
} from './remote-attempts.ts';

let server: ModelServer;
beforeAll(async () => {
  server = await startModelServer();
});
afterAll(() => server.stop());

function codexHost(): Host {
  const machine = host();
  const codex = codexHome(path.join(machine.directory, 'codex-home'), server.port);
  const { PATH } = process.env;
  return { ...machine, env: { ...machine.env, ...codex, PATH } };
}

function codexOrder(root: string): AttemptOrder {
  const change = { backend: 'codex', sandbox: 'danger-full-access' } as const;
  const prompt = `Begin.\n${modelScript([{ text: 'begun' }])}\n`;
  return remoteOrder(root, '', change, prompt);
}

describe('a session on many machines', () => {
  it('goes on where its first host is gone, with all that was said', async () => {
    const { root, dispatch } = runSide();
    const first = codexOrder(root);
    const one = codexHost();
    const { end } = await carried({ dispatch }, first, one);
    expect(end).toMatchObject({
      termination_reason: 'completed',
      final_message: { text: 'begun' },
    });
    const sessionId = end.session_id ?? '';
    await dispatch.close(first);
    rmSync(one.directory, { recursive: true });
    const prompt = `Go on.\n${modelScript([{ text: 'gone on' }])}\n`;
    const second = nextOrder(first, { sessionId }, prompt);
    const other = codexHost();
    expect((await carried({ dispatch }, second, other)).end).toMatchObject({
      termination_reason: 'completed',
      session_id: sessionId,
      session_lost: false,
      final_message: { text: 'gone on' },
    });
    const file = sessionFile(other.env, sessionId) ?? '';
    expect(existsSync(file)).toBe(true);
    const kept = readFileSync(file, 'utf8');
    expect(kept).toContain('Begin.');
    expect(kept).toContain('Go on.');
  });

  it('says that it is lost where nobody has it, so that another begins', async () => {
    const { root, dispatch } = runSide();
    const sessionId = '019b0000-0000-7000-8000-000000000000';
    const order = { ...codexOrder(root), sessionId };
    expect((await carried({ dispatch }, order, codexHost())).end).toMatchObject({
      session_lost: true,
      session_id: null,
    });
  });

  it('comes with the checkpoint of a host that is lost', async () => {
    const { root, dispatch } = runSide();
    const order = codexOrder(root);
    const placement = await dispatch.give(order);
    const { order: there, end, delivery } = await workOn(placement, codexHost());
    await delivery.checkpoint(there, end.session_id);
    await dispatch.takeCheckpoint(order);
    await dispatch.close(order);
    const prompt = `Go on.\n${modelScript([{ text: 'gone on' }])}\n`;
    const next = nextOrder(order, { sessionId: end.session_id }, prompt);
    await workOn(await dispatch.give(next), codexHost());
    const went = await dispatch.takeIn(next);
    expect(went).toMatchObject({ termination_reason: 'completed', session_id: end.session_id });
  });
});
