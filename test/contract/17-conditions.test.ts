/** Section 17 of the contract: conditions, and controllers that decide by rules. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { after, dir, instancesOf, orch, program, show, statuses } from './shell-program.ts';

const result = (json: object): string =>
  `printf '%s' '${JSON.stringify(json)}' > "$CODEX_ORCH_ATTEMPT_DIR/result.json"`;
const verdict = (value: string) => ({
  ref: 'deps.review.result.verdict',
  matches: { const: value },
});

describe('17. Conditions', () => {
  it('a condition that does not hold skips the task, and what does not go on without it', async () => {
    program({
      review: { run: result({ verdict: 'ok' }) },
      mend: { run: ':', depends_on: after('review'), when: verdict('bad') },
      below: { run: ':', depends_on: after('mend') },
      end: { run: ':', depends_on: [{ task: 'mend', kind: 'order', optional: true }] },
    });
    const planned = await orch('run', 'start', '--root', 'below', '--root', 'end', '--dry-run');
    expect(planned.stdout).toContain('when deps.review.result.verdict is "bad"');
    expect(planned.stdout).toContain('without mend where its condition skips it');
    const started = await orch('run', 'start', '--root', 'below', '--root', 'end');
    expect(started.code).toBe(0);
    const run = await show();
    expect(run.status).toBe('done');
    expect(statuses(run)).toEqual(['below skipped', 'end done', 'mend skipped', 'review done']);
    expect(instancesOf(run, 'mend')[0]).toMatchObject({ skip_reason: 'condition', attempt: 0 });
    expect(instancesOf(run, 'below')[0]).toMatchObject({ skip_reason: 'upstream' });
    const explained = await orch('run', 'explain', 'latest');
    expect(explained.stdout).toContain('skipped: deps.review.result.verdict was "ok"');
    const retried = await orch('run', 'retry-instance', 'latest', 'mend');
    expect(retried.code).not.toBe(0);
    expect(retried.stderr).toContain('its condition did not hold');
    expect((await orch('run', 'verify', 'latest')).code).toBe(0);
  });

  it('a value that is missing fails the instance by name, unless the test says what it means', async () => {
    const noted = { ref: 'deps.review.result.note', matches: true };
    program({
      review: { run: result({ verdict: 'ok' }) },
      unsaid: { run: ':', depends_on: after('review'), when: noted },
      said: { run: ':', depends_on: after('review'), when: { ...noted, missing: true } },
      either: { run: ':', depends_on: after('review'), when: { any: [noted, verdict('ok')] } },
      all: { run: ':', depends_on: after('review'), when: [noted, verdict('bad')] },
    });
    const roots = ['unsaid', 'said', 'either', 'all'].flatMap((id) => ['--root', id]);
    expect((await orch('run', 'start', ...roots)).code).toBe(1);
    const run = await show();
    expect(statuses(run)).toEqual([
      'all skipped',
      'either done',
      'review done',
      'said done',
      'unsaid failed',
    ]);
    const [unsaid] = instancesOf(run, 'unsaid');
    expect(unsaid).toMatchObject({ failure_kind: 'condition', attempt: 0 });
    expect(unsaid?.error).toContain('deps.review.result.note is missing');
    expect(unsaid?.error).toContain('has no "note" (it has "verdict")');
  });

  it('rules decide a route without a process or an attempt', async () => {
    program({
      review: { run: result({ verdict: 'poor' }) },
      gate: {
        kind: 'controller',
        depends_on: after('review'),
        control: {
          mode: 'route',
          routes: [
            { label: 'good', targets: ['ship'] },
            { label: 'poor', targets: ['hold'] },
          ],
          decide: [{ when: verdict('ok'), labels: ['good'] }, { labels: ['poor'] }],
        },
      },
      ship: { run: ':', depends_on: after('gate') },
      hold: { run: ':', depends_on: after('gate') },
    });
    expect((await orch('run', 'start', '--root', 'gate')).code).toBe(0);
    const run = await show();
    expect(statuses(run)).toEqual(['gate done', 'hold done', 'review done']);
    expect(instancesOf(run, 'gate')[0]).toMatchObject({ attempt: 0 });
    const log = readFileSync(path.join(dir, '.runs', run.id, 'events.jsonl'), 'utf8');
    const emitted = log.split('\n').find((line) => line.includes('"control_emitted"')) ?? '{}';
    expect((JSON.parse(emitted) as { payload: unknown }).payload).toEqual({
      control: { kind: 'route', labels: ['poor'] },
      rule: 1,
      values: { 'deps.review.result.verdict': 'poor' },
    });
  });

  it('rules drive a loop, hand on values, and are held to its bound', async () => {
    program(
      {
        work: {
          run: 'n=$(cat "$CODEX_ORCH_ATTEMPT_DIR"/context/refs/inputs/n.* | tr -d "\\n"); printf \'{"n": %s}\' $((n + 1)) > "$CODEX_ORCH_ATTEMPT_DIR/result.json"',
          compose: [{ kind: 'ref', ref: 'inputs.n' }],
        },
        gate: {
          kind: 'controller',
          depends_on: after('work'),
          control: {
            mode: 'loop',
            continue_targets: ['work'],
            stop_targets: ['end'],
            max_iterations: 5,
            decide: [
              {
                when: { ref: 'deps.work.result.n', matches: { maximum: 2 } },
                action: 'continue',
                next_inputs: { n: { ref: 'deps.work.result.n' } },
              },
              { action: 'stop' },
            ],
          },
        },
        end: { run: ':', depends_on: after('gate') },
      },
      { user_inputs: {} },
    );
    expect((await orch('run', 'start', '--root', 'end', '--input-json', 'n=0')).code).toBe(0);
    const run = await show();
    expect(instancesOf(run, 'work')).toHaveLength(3);
    expect(statuses(run).filter((each) => each === 'gate done')).toHaveLength(3);
  });

  it('mistakes are named at their place', async () => {
    program({
      review: { run: ':' },
      bad: {
        run: ':',
        depends_on: after('review'),
        when: { ref: 'deps.reviw.result.v', matches: { type: 'strin' } },
      },
      gate: {
        kind: 'controller',
        depends_on: after('review'),
        control: {
          mode: 'route',
          routes: [{ label: 'good', targets: ['ship'] }],
          decide: [{ labels: ['goood'] }, { labels: [] }],
        },
      },
      ship: {
        run: ':',
        depends_on: after('gate'),
        compose: [{ kind: 'ref', ref: 'deps.gate.result' }],
      },
    });
    const { stdout, code } = await orch('project', 'validate', '--json');
    expect(code).toBe(2);
    const { errors } = JSON.parse(stdout) as { errors: { code: string; line: number }[] };
    expect(errors.map((each) => each.code).sort()).toEqual([
      'condition.invalid_schema',
      'control.unknown_label',
      'control.unreachable_rule',
      'graph.invalid',
      'task.result_of_decision',
    ]);
    expect(errors.every(({ line }) => line > 0)).toBe(true);
  });
});
