/** Section 6 of the contract: loops, routes, and answers that lead nowhere. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeFiles } from '../support/built-program.ts';
import { after, dir, instancesOf, orch, program, show, statuses } from './shell-program.ts';

describe('6. Controllers', () => {
  it('a loop opens a scope per iteration and carries typed values along', async () => {
    writeFiles(dir, { 'state.json': '{"left": ["a", "b", "c"], "seen": []}' });
    const drain = `
const fs = require('node:fs');
const at = process.env.CODEX_ORCH_ATTEMPT_DIR;
const { left: [item, ...left], seen } = JSON.parse(fs.readFileSync(at + '/context/refs/inputs/state.json'));
const state = { left, seen: [...seen, item] };
const control = left.length
  ? { kind: 'loop', action: 'continue', next_inputs: { state } }
  : { kind: 'loop', action: 'stop' };
fs.writeFileSync(at + '/result.json', JSON.stringify({ control, state }));`;
    writeFileSync(path.join(dir, 'drain.cjs'), drain);
    program(
      {
        before: { run: ':' },
        item: {
          run: ':',
          depends_on: after('before'),
          compose: [{ kind: 'ref', ref: 'inputs.state' }],
        },
        gate: {
          run: 'node drain.cjs',
          kind: 'controller',
          depends_on: after('item'),
          compose: [{ kind: 'ref', ref: 'inputs.state' }],
          control: { mode: 'loop', continue_targets: ['item'], stop_targets: ['sum'] },
        },
        sum: {
          run: 'cat "$CODEX_ORCH_ATTEMPT_DIR/context/refs/deps/gate/result.json"',
          depends_on: after('gate'),
          compose: [{ kind: 'ref', ref: 'deps.gate.result' }],
        },
      },
      { user_inputs: { state: 'state.json' } },
    );
    expect((await orch('run', 'start', '--root', 'gate')).code).toBe(0);
    const run = await show();
    expect(statuses(run)).toEqual([
      'before done',
      ...Array<string>(3).fill('gate done'),
      ...Array<string>(3).fill('item done'),
      'sum done',
    ]);
    expect(Object.values(run.input_scopes).map((scope) => scope.values['state'])).toEqual([
      { left: ['a', 'b', 'c'], seen: [] },
      { left: ['b', 'c'], seen: ['a'] },
      { left: ['c'], seen: ['a', 'b'] },
    ]);
    const [sum] = instancesOf(run, 'sum');
    const gates = instancesOf(run, 'gate');
    expect(sum!.activation_bindings).toEqual({ gate: gates.at(-1)!.instance_id });
    expect(sum!.input_scope_id).toBe(gates.at(-1)!.input_scope_id);
    const explained = await orch('run', 'explain', 'latest', '--json');
    expect(explained.stdout).toContain('"continue"');
  });

  it.each([
    [
      'an unknown label',
      '{"control": {"kind": "route", "labels": ["lft"]}}',
      /"lft".*Did you mean "left"/,
    ],
    [
      'an unknown key',
      '{"control": {"kind": "route", "labels": [], "why": 1}}',
      /unknown key "why"/,
    ],
    [
      'the wrong kind',
      '{"control": {"kind": "loop", "action": "stop"}}',
      /control.kind must be "route"/,
    ],
    ['no control', '{"labels": ["left"]}', /has no "control"/],
    ['no object', '["left"]', /it is a list/],
    ['no result', 'I would go left.', /must leave a result.json/],
  ])('%s fails the controller, and says so', async (_name, output, message) => {
    program({
      gate: {
        run: `cat <<'END'\n${output}\nEND`,
        kind: 'controller',
        control: { mode: 'route', routes: [{ label: 'left', targets: ['left'] }] },
      },
      left: { run: ':', depends_on: after('gate') },
    });
    expect((await orch('run', 'start', '--root', 'gate')).code).toBe(1);
    const [gate] = instancesOf(await show(), 'gate');
    expect(gate!.error).toMatch(message);
  });

  it('max_iterations bounds a loop, and the operator may grant more', async () => {
    program(
      {
        work: { run: ':' },
        gate: {
          run: 'echo x >> turns; if [ "$(wc -l < turns)" -ge 5 ]; then a=stop; else a=continue; fi; if [ $a = stop ]; then echo \'{"control":{"kind":"loop","action":"stop"}}\'; else echo \'{"control":{"kind":"loop","action":"continue","next_inputs":{"n":1}}}\'; fi',
          kind: 'controller',
          depends_on: after('work'),
          control: { mode: 'loop', continue_targets: ['work'], max_iterations: 2 },
        },
      },
      {},
    );
    const limited = await orch('run', 'start', '--root', 'gate');
    expect(limited.code).toBe(1);
    const failed = Object.values((await show()).instances).find((each) => each.status === 'failed');
    expect(failed).toMatchObject({ task_id: 'gate', failure_kind: 'loop_limit' });
    const words = ['latest', failed!.instance_id, '--grant-iterations', '3'];
    const granted = await orch('run', 'retry-instance', ...words);
    expect(granted).toMatchObject({ code: 0 });
    expect((await show()).status).toBe('done');
  });
});
