/** Section 18 of the contract: what has failed is tried again after a while, over engines that end. */
import { describe, expect, it, vi } from 'vitest';
import { dir, instancesOf, orch, program, show } from './shell-program.ts';

const flaky = {
  run: 'if [ "$(basename "$CODEX_ORCH_ATTEMPT_DIR")" = 0001 ]; then echo no; exit 3; fi; cat "$CODEX_ORCH_ATTEMPT_DIR/prompt.md" > "$CODEX_ORCH_ATTEMPT_DIR/final.md"',
};

describe('18. Retry', () => {
  it('waits in the foreground, and tries again', async () => {
    program({ a: { ...flaky, retry: { on: ['nonzero_exit'], delay_sec: 0.2 } } });
    const { code, stderr } = await orch('run', 'start', '--root', 'a');
    expect(code, stderr).toBe(0);
    expect(instancesOf(await show(), 'a')).toMatchObject([{ status: 'done', attempt: 2 }]);
    expect((await orch('run', 'events', 'latest')).stdout).toContain('instance_delayed');
    expect((await orch('run', 'verify', 'latest')).code).toBe(0);
  });

  it('leaves the run waiting where that would take too long, and says until when', async () => {
    program({ a: flaky }, { retry: { max_attempts: 2, on: ['task_runtime'], delay_sec: 3000 } });
    const started = await orch('run', 'start', '--root', 'a', '--max-wait', '5');
    expect(started.code, started.stderr).toBe(3);
    expect(started.stderr).toContain('waits until');
    const [instance] = instancesOf(await show(), 'a') as unknown as Record<string, string>[];
    expect(instance).toMatchObject({ status: 'waiting', waiting_reason: 'delay' });
    expect(await show()).toMatchObject({
      status: 'waiting',
      waiting_until: instance?.['waiting_until'],
    });
    const explained = await orch('run', 'explain', 'latest');
    expect(explained.stdout).toContain(`It is tried again at ${instance?.['waiting_until']}`);
    const retried = await orch('run', 'retry-instance', 'latest', 'a');
    expect(retried.code, retried.stderr).toBe(0);
  });

  it('is not waited for where an engine drives the run in the background', async () => {
    program({ a: flaky }, { retry: { max_attempts: 2, on: ['task_runtime'], delay_sec: 3000 } });
    expect((await orch('run', 'start', '--root', 'a', '--no-wait')).code).toBe(0);
    try {
      await vi.waitUntil(async () => instancesOf(await show(), 'a')[0]?.status === 'waiting', {
        timeout: 60_000,
      });
      const wrong = await orch('run', 'retry-instance', 'latest', 'a', '--grant-iterations', '2');
      expect(wrong.stderr).toContain('is no loop controller');
      const retried = await orch('run', 'retry-instance', 'latest', 'a');
      expect(retried.stderr).toContain('is tried again by the engine at work');
      expect(retried.stderr).toContain('done (1 of 1');
      expect(retried.code).toBe(0);
    } finally {
      // Where it was not tried again, its engine would wait for it.
      await orch('run', 'abort', 'latest');
    }
  });

  it('is told what is wrong with it', async () => {
    program({ a: { ...flaky, retry: { on: ['nope'], factor: 0.5, tries: 3 } } });
    const { code, stdout } = await orch('project', 'validate', dir);
    expect(code).toBe(2);
    expect(stdout).toMatch(/must be one of external_auth, /);
    expect(stdout).toContain('"factor" must be at least 1');
    expect(stdout).toContain('"tries" is unknown');
  });
});
