/** Section 18 of the contract with the real Codex CLI: what it says of a usage limit, and what comes of that. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codexOrch, testDirectory, writeFiles } from '../support/built-program.ts';
import { codexHome, sandboxProblem } from '../support/codex.ts';
import {
  modelScript,
  startModelServer,
  type ModelServer,
  type ModelStep,
} from '../support/model-server.ts';

const root = testDirectory('codex-limits');
const problem = sandboxProblem(path.join(root, 'probe-home'));
if (problem !== null) process.stderr.write(`\n*** SKIPPED: no Codex sandbox here: ${problem}\n\n`);

let server: ModelServer;
beforeAll(async () => {
  server = await startModelServer();
});
afterAll(async () => {
  await server.stop();
  rmSync(root, { recursive: true, force: true });
});

function limited(resetsInSec: number | null): ModelStep {
  const resets =
    resetsInSec === null ? {} : { resets_at: Math.floor(Date.now() / 1000) + resetsInSec };
  return {
    http: 429,
    body: { error: { type: 'usage_limit_reached', plan_type: 'plus', ...resets } },
  };
}

let count = 0;
/** A program whose task's model gives these answers, and a run of it in that zone. */
async function run(steps: ModelStep[], zone = 'UTC') {
  count += 1;
  const directory = path.join(root, String(count));
  writeFiles(directory, {
    'project.yaml': { name: 'limits', workspace: 'ws', edition: 2 },
    'ws/README.md': 'workspace',
    'tasks/a.yaml': {
      ...{ id: 'a', title: 'a', status: 'ready' },
      compose: [{ kind: 'literal', text: `Do it.\n${modelScript(steps)}` }],
    },
  });
  const env = {
    ...codexHome(path.join(directory, 'codex-home'), server.port),
    ...{ CODEX_ORCH_GLOBAL_ROOT: path.join(directory, 'global'), TZ: zone },
  };
  const cli = (...words: string[]) => codexOrch(words, { cwd: directory, env });
  const started = await cli('run', 'start', '--root', 'a', '--max-wait', '1');
  const shown = JSON.parse((await cli('run', 'show', 'latest', '--json')).stdout) as {
    instances: Record<string, { attempts: Record<string, unknown>[] }>;
  };
  const limits = JSON.parse((await cli('limits', 'list', '--json')).stdout) as unknown[];
  return { cli, started, instance: Object.values(shown.instances)[0], limits };
}

/** In milliseconds; Codex tells it in minutes. */
function minutesFromNow(retryAt: unknown): number {
  return (Date.parse(String(retryAt)) - Date.now()) / 60_000;
}

describe.skipIf(problem !== null)('18. Usage limits of Codex', () => {
  it.each([
    ['UTC', 2],
    ['America/New_York', 3],
    ['Asia/Kolkata', 40],
  ])('are told with their end, in the zone of the machine: %s', async (zone, hours) => {
    const { started, instance, limits } = await run([limited(hours * 3600)], zone);
    expect(started.code, started.stderr).toBe(3);
    const [attempt] = instance?.attempts ?? [];
    expect(attempt?.['failure_kind']).toBe('external_usage_limit');
    expect(minutesFromNow(attempt?.['retry_at'])).toBeGreaterThan(hours * 60 - 5);
    expect(minutesFromNow(attempt?.['retry_at'])).toBeLessThan(hours * 60 + 1);
    expect(limits).toMatchObject([{ retry_at: attempt?.['retry_at'], backend: 'codex' }]);
  });

  it('are told without an end, and go on in the same session once they are cleared', async () => {
    const { cli, started, instance } = await run([limited(null)]);
    expect(started.code, started.stderr).toBe(3);
    expect(instance).toMatchObject({
      waiting_reason: 'usage_limit',
      attempts: [{ retry_at: null }],
    });
    expect((await cli('limits', 'clear')).code).toBe(0);
    // The prompt that goes on carries no script: the model says what it says to all.
    const resumed = await cli('run', 'resume', 'latest');
    expect(resumed.code, resumed.stderr).toBe(0);
  });

  it('are not those of a rate', async () => {
    const { instance, limits } = await run([
      { http: 429, body: { error: { message: 'slow down' } } },
    ]);
    expect(instance).toMatchObject({ status: 'failed', failure_kind: 'external_rate_limit' });
    expect(limits).toEqual([]);
  });

  it('are none that an agent speaks of', async () => {
    const text = 'You’ve hit your usage limit. Try again later.';
    const { started, limits } = await run([{ text }]);
    expect(started.code, started.stderr).toBe(0);
    expect(limits).toEqual([]);
  });
});
