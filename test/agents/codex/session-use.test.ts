/**
 * What the real, pinned Codex CLI keeps of a session, and when: the proof of what budgets rely on. Each answer of the
 * model server counts as 100 tokens of input and 20 of output.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codexSessionUse, sessionFile } from '../../../src/agents/codex/session-use.ts';
import type { AttemptEnd, AttemptOrder } from '../../../src/model/attempt.ts';
import type { Usage } from '../../../src/model/run.ts';
import { newOrder, temporaryDirectory, until } from '../../execution/local/orders.ts';
import { runToEnd, startAttempt } from '../../execution/local/start.ts';
import { codexHome } from '../../support/codex.ts';
import {
  modelScript,
  startModelServer,
  type ModelServer,
  type ModelStep,
} from '../../support/model-server.ts';

const root = temporaryDirectory('codex-use');
let server: ModelServer;
let env: Record<string, string>;

beforeAll(async () => {
  server = await startModelServer();
  env = codexHome(path.join(root, 'codex-home'), server.port);
});
afterAll(() => server.stop());

function codexOrder(steps: ModelStep[]): AttemptOrder {
  const how = { backend: 'codex', sandbox: 'danger-full-access', metered: true } as const;
  const order = newOrder(root, how, `Go.\n${modelScript(steps)}\n`);
  return { ...order, env: { ...env, ...order.env } };
}

async function seen(): Promise<number> {
  return (await server.requests()).filter(({ step }) => step !== 'other').length;
}

/** Runs until its second command has begun, and is then stopped. */
async function cutOff(order: AttemptOrder): Promise<{ atWork: Usage; end: AttemptEnd }> {
  let session: string | null = null;
  const commands = new Set<string>();
  const handle = await startAttempt(order, (activities) => {
    for (const each of activities) {
      if (each.type === 'session_started') session = each.sessionId;
      if (each.type === 'command') commands.add(each.id);
    }
  });
  await until('the second command', () => commands.size === 2 || null);
  const use = codexSessionUse({ ...process.env, ...order.env });
  const atWork = await until('what it has used', () => use.look(session ?? ''));
  use.close();
  handle.stop('terminated', 'ask');
  return { atWork, end: await handle.ended };
}

describe('the file of a session', () => {
  it('tells of each answer while the turn goes on, and of a turn that was cut off all of it', async () => {
    const before = await seen();
    const order = codexOrder([{ exec: 'echo one' }, { exec: 'sleep 600' }]);
    const { atWork, end } = await cutOff(order);
    expect(await seen()).toBe(before + 2);
    const used = { input_tokens: 200, cached_input_tokens: 80, output_tokens: 40 };
    // Its second command was still under way: nothing lags.
    expect(atWork).toMatchObject(used);
    expect(end).toMatchObject({ termination_reason: 'terminated', usage: used });

    const attemptDir = `${order.attemptDir}-2`;
    const controlDir = `${order.controlDir}-2`;
    for (const directory of [attemptDir, controlDir]) mkdirSync(directory);
    writeFileSync(path.join(controlDir, 'prompt.md'), `On.\n${modelScript([{ text: 'done' }])}\n`);
    const { session_id: sessionId, usage: previousUsage } = end;
    const next = { ...order, attemptDir, controlDir, sessionId, previousUsage };
    expect(await runToEnd({ ...next, startedAt: new Date().toISOString() })).toMatchObject({
      termination_reason: 'completed',
      session_id: sessionId,
      usage: { input_tokens: 100, cached_input_tokens: 40, output_tokens: 20 },
    });
    expect(await seen()).toBe(before + 3);
  });

  it('is not found for a session that is none, or of no time', () => {
    expect(sessionFile(env, '01a217b2-f41c-71e2-bb97-244e80c43530')).toBeNull();
    expect(sessionFile(env, 'ffffffff-ffff-ffff-ffff-ffffffffffff')).toBeNull();
    const use = codexSessionUse(env);
    expect(use.look('01a217b2-f41c-71e2-bb97-244e80c43530')).toBeNull();
    use.close();
  });
});
