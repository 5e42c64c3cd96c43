/** Section 8.1 of the contract: numbers that a double cannot hold go through a run digit by digit. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { writeFiles } from '../support/built-program.ts';
import { after, dir, orch, program, show } from './shell-program.ts';

const digits = ['7615917337495251231', '-9223372036854775808', '1e400', '0.12345678901234567891'];
const list = `[${digits.join(',')}]`;

it('from inputs of every kind over a loop, a question and results to dependents and every view', async () => {
  writeFiles(dir, {
    'defaults.json': `{"list": ${list}}`,
    'defaults.yaml': `list: [${digits.join(', ')}]\nhex: 0x7fffffffffffffff\n`,
    'given.json': list,
  });
  const refs = '"$CODEX_ORCH_ATTEMPT_DIR"/context/refs';
  const loop = `
if [ "$(cat ${refs}/inputs/seen.json 2>/dev/null)" = null ]
then echo '{"control": {"kind": "loop", "action": "continue", "next_inputs": {"seen": ${list}}}, "n": ${list}}'
else echo '{"control": {"kind": "loop", "action": "stop"}, "n": ${list}}'
fi > "$CODEX_ORCH_ATTEMPT_DIR/result.json"`;
  const ask = `
test -n "$(grep -l text ${refs}/runtime/latest_reply.json)" || codex-orch interrupt create --audience human --kind question --question "How many?"
cat ${refs}/inputs/*.json ${refs}/deps/gate/result.json ${refs}/runtime/latest_reply.json > "$CODEX_ORCH_ATTEMPT_DIR/all.txt"`;
  const ref = (name: string) => ({ kind: 'ref', ref: name });
  program(
    {
      body: { run: ':', compose: [ref('inputs.seen')] },
      gate: {
        run: loop,
        kind: 'controller',
        depends_on: after('body'),
        compose: [ref('inputs.seen')],
        control: { mode: 'loop', continue_targets: ['body'], stop_targets: ['sum'] },
      },
      sum: {
        run: ask,
        publish: ['all.txt'],
        depends_on: after('gate'),
        compose: [
          ...['seen', 'json', 'yaml', 'inline', 'file'].map((key) => ref(`inputs.${key}`)),
          ref('deps.gate.result'),
          ref('runtime.latest_reply'),
        ],
      },
    },
    { user_inputs: { json: 'defaults.json', yaml: 'defaults.yaml' } },
  );
  const given = ['--input-json', 'seen=null', '--input-json', `inline=${list}`];
  const file = ['--input-json-file', 'file=given.json'];
  expect((await orch('run', 'start', '--root', 'gate', ...given, ...file)).code).toBe(3);
  const payload = `{"count": ${list}}`;
  const answer = ['--text', 'so many', '--payload-json', payload, '--resume'];
  expect((await orch('inbox', 'reply', '.', 'int-', ...answer)).code).toBe(0);

  const run = await show();
  const sum = Object.values(run.instances).find((one) => one.task_id === 'sum')!;
  const home = path.join(dir, '.runs', run.id, 'instances', sum.instance_id, 'published');
  const count = (text: string): number[] => digits.map((each) => text.split(each).length - 1);
  // seen, json, yaml, inline, file, the result and the reply.
  expect(count(readFileSync(path.join(home, 'all.txt'), 'utf8'))).toEqual([7, 7, 7, 7]);
  expect(readFileSync(path.join(home, 'all.txt'), 'utf8')).toContain('9223372036854775807');
  for (const words of [
    ['run', 'show', '.', 'latest', '--json'],
    ['run', 'show', '.', 'latest'],
    ['run', 'events', '.', 'latest', '--json'],
  ]) {
    const shown = (await orch(...words)).stdout;
    expect(Math.min(...count(shown)), words.join(' ')).toBeGreaterThan(4);
  }
  expect((await orch('run', 'verify')).code).toBe(0);
});

it('a schema judges such a number by the double next to it', async () => {
  mkdirSync(path.join(dir, 'schemas'), { recursive: true });
  const schema = { type: 'object', properties: { id: { type: 'integer', minimum: 7e18 } } };
  writeFileSync(path.join(dir, 'schemas', 's.json'), JSON.stringify(schema));
  const leave = (id: string) => ({
    run: `echo '{"id": ${id}}' > "$CODEX_ORCH_ATTEMPT_DIR/result.json"`,
    result_schema: 'schemas/s.json',
  });
  program({ fits: leave(digits[0]!), small: leave('6615917337495251231') });
  await orch('run', 'start', '--root', 'fits', '--root', 'small');
  const outcome = Object.values((await show()).instances).map((one) => [one.task_id, one.status]);
  expect(Object.fromEntries(outcome)).toEqual({ fits: 'done', small: 'failed' });
});
