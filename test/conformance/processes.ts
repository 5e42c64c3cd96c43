/** What executors of processes hold to beside the others: whoever forks, and however it ends. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import type { Executor } from '../../src/execution/executor.ts';
import type { AttemptEnd, AttemptOrder } from '../../src/model/attempt.ts';
import { exists, pidOf, read, shellOrder, untilPrinted } from '../execution/local/orders.ts';

export interface ProcessCheck {
  name: string;
  run(executor: Executor, root: string): Promise<void>;
}

export const processChecks: ProcessCheck[] = [
  {
    name: 'death by signal is 128 + n, without a word of the wrapping shell',
    async run(executor, root) {
      const order = shellOrder(root, 'kill -SEGV $$');
      const end = await runToEnd(executor, order);
      expect(end).toMatchObject({ return_code: 139, termination_reason: 'nonzero_exit' });
      expect(end.failure_summary).toBe('the command was killed by SIGSEGV (exit status 139)');
      expect(read(order, 'stderr.log')).toBe('');
    },
  },
  {
    name: 'a workspace that is missing ends the attempt at once',
    async run(executor, root) {
      const order = shellOrder(root, 'true', { cwd: path.join(root, 'nowhere') });
      const end = await runToEnd(executor, order);
      expect(end).toMatchObject({ return_code: null, failure_kind: 'runner_invocation' });
      expect(end.failure_summary).toContain('nowhere does not exist');
      expect(JSON.parse(read(order, 'runtime.json'))).toMatchObject({ pid: null });
    },
  },
  {
    name: 'a stop asks the whole group',
    async run(executor, root) {
      const order = shellOrder(root, 'sleep 300 & echo "child $!"; wait');
      const handle = await executor.start(order, deaf);
      const child = Number(/child (\d+)\n/.exec(await untilPrinted(order, /child \d+\n/))?.[1]);
      handle.stop('terminated', 'ask');
      expect(await handle.ended).toMatchObject({ return_code: 143 });
      expect(exists(child)).toBe(false);
      expect(exists(await pidOf(order))).toBe(false);
    },
  },
  {
    name: 'what ignores the question is killed after the grace',
    async run(executor, root) {
      const line = "trap '' TERM; echo ready; while :; do sleep 0.05; done";
      const order = shellOrder(root, line, { graceMs: 300 });
      const handle = await executor.start(order, deaf);
      await untilPrinted(order, 'ready');
      const asked = Date.now();
      handle.stop('terminated', 'ask');
      expect(await handle.ended).toMatchObject({
        termination_reason: 'terminated',
        return_code: 137,
      });
      expect(Date.now() - asked).toBeGreaterThanOrEqual(290);
    },
  },
  {
    name: 'what the leader left in its group ends with it',
    async run(executor, root) {
      const order = shellOrder(
        root,
        `sh -c 'trap "" TERM; echo "left $$"; while :; do sleep 0.05; done' & ` +
          'until [ -s "$CODEX_ORCH_ATTEMPT_DIR/events.jsonl" ]; do sleep 0.01; done; exit 0',
        { graceMs: 200 },
      );
      const end = await runToEnd(executor, order);
      expect(end).toMatchObject({ termination_reason: 'completed', return_code: 0 });
      const left = Number(/left (\d+)/.exec(read(order, 'events.jsonl'))?.[1]);
      expect(left).toBeGreaterThan(1);
      expect(exists(left)).toBe(false);
    },
  },
  {
    name: 'a silent agent ends at the idle limit',
    async run(executor, root) {
      const order = shellOrder(root, 'echo hello; sleep 300', { idleTimeoutMs: 300 });
      expect(await runToEnd(executor, order)).toMatchObject({
        termination_reason: 'idle_timeout',
        failure_summary: 'the agent printed nothing for its idle limit of 0.3 s',
      });
    },
  },
  {
    name: 'closed output is not taken for the end',
    async run(executor, root) {
      const order = shellOrder(root, 'exec >&- 2>&-; sleep 0.3; touch done; exit 5');
      expect(await runToEnd(executor, order)).toMatchObject({ return_code: 5 });
      expect(existsSync(path.join(order.cwd, 'done'))).toBe(true);
    },
  },
  {
    name: 'a start and a find at the same time: exactly one side has the claim',
    async run(executor, root) {
      const outcomes = new Set<string>();
      for (let round = 0; round < 60; round += 1) {
        const order = shellOrder(root, 'echo ran');
        const starting = executor.start(order, deaf);
        // What precedes the process waits for nothing.
        await new Promise((resolve) => setImmediate(resolve));
        const pause = BigInt(round % 12) * 250_000n;
        for (const from = process.hrtime.bigint(); process.hrtime.bigint() - from < pause;);
        const found = await executor.find(order, deaf);
        const end = await (await starting).ended;
        const ran = read(order, 'events.jsonl') === 'ran\n';
        outcomes.add(found.kind);
        expect(ran).toBe(found.kind !== 'never_started');
        if (found.kind !== 'never_started') {
          expect(await found.handle.ended).toMatchObject({ return_code: 0 });
        } else expect(end).toMatchObject({ failure_kind: 'runner_invocation' });
        const claims = readdirSync(order.controlDir);
        expect(claims.filter((name) => name.startsWith('claim-'))).toEqual(['claim-0']);
      }
      expect(outcomes.has('never_started')).toBe(true);
    },
  },
];

async function runToEnd(executor: Executor, order: AttemptOrder): Promise<AttemptEnd> {
  return (await executor.start(order, deaf)).ended;
}

function deaf(): void {
  // The check looks at the end alone.
}
