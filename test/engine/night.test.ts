/**
 * A night without a person, section 18 of the contract: forty tasks, and all that goes wrong with agents. Agents are scripts,
 * and the clock is told to go on; the answer to the one question comes as a file does.
 */
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { recordedLimits } from '../../src/attempt/hold/account-limits.ts';
import { notificationOf } from '../../src/app/notify/message.ts';
import { runCost } from '../../src/app/run/spending.ts';
import { catalogue } from '../../src/core/events/catalogue.ts';
import type { RunEvent } from '../../src/core/events/events.ts';
import { evolve } from '../../src/core/events/evolve.ts';
import type { RunState } from '../../src/core/state/run-state.ts';
import { waitingUntil } from '../../src/core/state/standing.ts';
import type { Play, Step } from '../../src/execution/scripted/executor.ts';
import type { AttemptEnd } from '../../src/model/attempt.ts';
import type { RunStatus, Usage } from '../../src/model/run.ts';
import { testDirectory } from '../support/built-program.ts';
import { task } from '../support/make.ts';
import { accountsIn } from './stage-accounts.ts';
import { Died, says, settled, Stage, type Script } from './stage.ts';

const names = Array.from({ length: 40 }, (_, at) => `task-${String(at).padStart(2, '0')}`);
const [stalls, refused, cheats, spends, limited, orphaned] = [3, 7, 15, 19, 23, 31].map(
  (at) => names[at],
);
const FIVE_HOURS_MS = 5 * 3600_000;

const root = testDirectory('night');
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** What an attempt uses: so many tokens of input, a fifth of them cached, and a tenth as many of output. */
function usage(input: number): Usage {
  const output = input / 10;
  return {
    ...{ input_tokens: input, cached_input_tokens: input / 5 },
    ...{ output_tokens: output, reasoning_output_tokens: 0 },
  };
}

function works(id: string, input: number, end?: Partial<AttemptEnd>): Play {
  const steps: Step[] = [
    { does: { type: 'session_started', sessionId: `session-of-${id}` } },
    { uses: usage(input) },
  ];
  if (end !== undefined) return { steps, end };
  return { steps: [...steps, { does: { type: 'message', id: 'last', text: 'done' } }] };
}

function ends(summary: string, end: Partial<AttemptEnd>): Partial<AttemptEnd> {
  return { return_code: 1, failure_summary: summary, resume_recommended: true, ...end };
}

const badly: Record<string, Partial<AttemptEnd>> = {
  [stalls ?? '']: ends('it printed nothing', {
    termination_reason: 'idle_timeout',
    failure_kind: 'external_network',
  }),
  [refused ?? '']: ends('429', {
    termination_reason: 'nonzero_exit',
    failure_kind: 'external_rate_limit',
  }),
  [limited ?? '']: ends('used up', {
    termination_reason: 'nonzero_exit',
    failure_kind: 'external_usage_limit',
  }),
  [orphaned ?? '']: ends('nobody saw how it ended', {
    termination_reason: 'orphaned',
    failure_kind: 'unknown',
    return_code: null,
  }),
};

const begun: { id: string; number: number; input: number }[] = [];

/** When the account is to be used again, once it is known to be used up. */
let backAt = '';
let clock = (): string => '';

const scripts: Record<string, Script> = Object.fromEntries(
  names.map((name): [string, Script] => [
    name,
    ({ id, number }) => {
      const input = name === spends && number === 1 ? 5000 : 100;
      begun.push({ id, number, input });
      let end = number === 1 ? badly[name] : undefined;
      if (end !== undefined && name === limited) {
        backAt = new Date(Date.parse(clock()) + FIVE_HOURS_MS).toISOString();
        end = { ...end, retry_at: backAt };
      }
      return works(id, input, end);
    },
  ]),
);
/** Of the one task that has checks: what was said to be done is not. */
scripts['check'] = ({ number }) =>
  number === 1 ? { steps: [], end: { return_code: 1 } } : says('all tests pass');

const prices = { '*': { input: 1, cached_input: 0.5, output: 10 } };

async function untilIdle(stage: Stage, ended: Promise<RunStatus>): Promise<RunStatus> {
  for (;;) {
    const status = await Promise.race([ended, settled().then(() => null)]);
    if (status !== null) return status;
    const next = stage.clock.nextAlarm;
    if (next === null) continue;
    stage.clock.pass(Math.max(0, Date.parse(next) - Date.parse(stage.clock.now())));
  }
}

/** What was told to whoever wants to hear of all, in order. */
function told(state: RunState, events: readonly RunEvent[]): string[] {
  const run = {
    programDir: '/p',
    runId: state.runId,
    plan: state.plan,
    taskOf: (id: string) => state.instances.get(id)?.task_id ?? null,
  };
  return events.flatMap((event) => {
    const notification = notificationOf(run, event);
    return notification === null ? [] : [`${notification.kind} ${notification.task_id ?? 'run'}`];
  });
}

it('ends done and verified: each attempt once, in its session, each token counted once', async () => {
  const stage = new Stage(
    names.map((id) =>
      task({
        id,
        publish: [],
        ...(id === spends ? { budget: { tokens: 4000 } } : {}),
        ...(id === cheats
          ? { checks: [{ run: 'npm test', timeout_sec: 600, baseline: false }] }
          : {}),
      }),
    ),
    scripts,
    {
      slots: 4,
      project: {
        edition: 2,
        agents: {},
        budget: { tokens: 1_000_000, attempts: 100 },
        retry: { max_attempts: 3, on: null, delay_sec: 60, factor: 2, max_delay_sec: 900 },
        prices,
      },
    },
  );

  clock = () => stage.clock.now();
  const began = clock();
  const globalRoot = path.join(root, 'home');
  mkdirSync(globalRoot);
  const change = accountsIn(globalRoot);

  // The engine is killed in the middle, and the machine restarts.
  const first = stage.drive({ change, death: { commit: 6, kept: true } });
  await expect(untilIdle(stage, first.ended)).rejects.toThrow(Died);
  const asked = await untilIdle(stage, stage.drive({ change, revive: true, orphaned: true }).ended);
  expect(asked).toBe('waiting');
  const [question] = [...stage.state.interrupts.values()];
  expect(question?.interrupt).toMatchObject({ subject: 'budget', task_id: spends });
  expect(waitingUntil(stage.state)).toBeNull();
  stage.reply(question?.interrupt.interrupt_id ?? '', 'grant tokens=4000');
  expect(await untilIdle(stage, stage.drive({ change }).ended)).toBe('done');

  const { state, events } = stage;
  expect(stage.statuses.filter((each) => !each.endsWith(' done'))).toEqual([]);
  const troubled = [stalls, refused, cheats, spends, limited, orphaned];
  for (const { task_id: id, attempts, session_id: session } of state.instances.values()) {
    expect(attempts, id).toHaveLength(troubled.includes(id) ? 2 : 1);
    // The same conversation throughout.
    expect(new Set(attempts.map((each) => each.session_id)), id).toEqual(new Set([session]));
  }

  // Each attempt began once, whoever drove the run, and the table adds up to what they used.
  const keys = begun.map(({ id, number }) => `${id}/${number}`);
  expect(new Set(keys).size).toBe(keys.length);
  expect(keys).toHaveLength(46);
  const input = begun.reduce((sum, each) => sum + each.input, 0);
  const cost = runCost(state, prices, 'task');
  expect(cost.total).toMatchObject({
    attempts: 46,
    input_tokens: input,
    output_tokens: input / 10,
    unpriced_attempts: 0,
  });
  const perToken = 0.8 * 1 + 0.2 * 0.5 + 0.1 * 10;
  expect(cost.total.cost_usd).toBeCloseTo((input * perToken) / 1_000_000, 9);
  const rows = cost.rows.reduce((sum, row) => sum + (row.cost_usd ?? 0), 0);
  expect(rows).toBeCloseTo(cost.total.cost_usd ?? 0, 9);
  expect(state.spent.tokens).toBe(input * 1.1);

  // The receipt that "done" stands on: one that failed, one that held.
  const receipts = events.flatMap((event) =>
    event.event_type === 'check_finished' ? [event.payload.exit] : [],
  );
  expect(receipts).toEqual([1, 0]);

  expect(told(state, events)).toEqual([
    `stalled ${stalls}`,
    `budget ${spends}`,
    `usage_limit ${limited}`,
    'done run',
  ]);

  // It waited for the limit to end, and no longer; one tried the account, and nothing of it is left.
  const waitedMs = Date.parse(state.updatedAt) - Date.parse(began);
  expect(waitedMs).toBeGreaterThanOrEqual(FIVE_HOURS_MS + 60_000);
  expect(waitedMs).toBeLessThan(FIVE_HOURS_MS + 600_000);
  const met = events.findIndex(
    ({ event_type: type, payload }) =>
      type === 'instance_delayed' && 'reason' in payload && payload.reason === 'usage_limit',
  );
  const early = events
    .slice(met)
    .filter(({ event_type: type, created_at: at }) => type === 'attempt_started' && at < backAt);
  expect([met > 0, early]).toEqual([true, []]);
  const tries = [...state.instances.values()].flatMap(({ attempts }) =>
    attempts.filter(({ probes }) => probes !== undefined),
  );
  expect(tries).toHaveLength(1);
  expect(recordedLimits(globalRoot)).toEqual([]);

  // No event that no engine would have written where it stands.
  let seen: RunState | null = null;
  for (const event of events) {
    const spec = catalogue[event.event_type] as {
      misfit?(state: RunState, event: RunEvent): string | null;
    };
    if (seen !== null) expect(spec.misfit?.(seen, event) ?? null, event.event_id).toBeNull();
    seen = evolve(seen, event);
  }
});
