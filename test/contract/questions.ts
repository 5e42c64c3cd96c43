/** A program whose tasks ask, in all the ways that sections 8.4 and 9 of the contract name, and its runs. */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect } from 'vitest';
import type { InterruptEntry } from '../../src/app/inbox/list.ts';
import type { Instance } from '../../src/model/run.ts';
import { listRunIds, runPaths, type RunPaths } from '../../src/store/layout.ts';
import { viewRun } from '../../src/store/directory/view.ts';
import { codexOrch, testDirectory, writeFiles, type Ended } from '../support/built-program.ts';

export const program = testDirectory('questions');
afterAll(() => rmSync(program, { recursive: true, force: true }));

export function cli(...args: string[]): Promise<Ended> {
  return codexOrch(args, { cwd: program });
}

const first = '[ "$(basename "$CODEX_ORCH_ATTEMPT_DIR")" = 0001 ]';
const ask = 'codex-orch interrupt create --kind question';
const finish = 'cp "$CODEX_ORCH_ATTEMPT_DIR/prompt.md" "$CODEX_ORCH_ATTEMPT_DIR/final.md"';

function task(id: string, run: string, more: Record<string, unknown> = {}): [string, unknown] {
  return [`tasks/${id}.yaml`, { id, title: id, status: 'ready', run, ...more }];
}

beforeAll(() => {
  writeFiles(program, {
    'project.yaml': { name: 'q', workspace: 'ws', default_agent: 'shell', user_inputs: {} },
    'ws/README.md': '',
    'schemas/reply.yaml':
      'type: object\nrequired: [verdict]\nadditionalProperties: false\nproperties:\n  verdict: {$ref: parts/verdict.json}\n',
    'schemas/parts/verdict.json': { enum: ['ship', 'hold'] },
    'schemas/broken.json': '{"type": 3}',
    'assistant_roles/_shared/operating-model.md': 'Answer.',
    'assistant_roles/reviewer/instructions.md': 'Review.',
    'assistant_roles/namer/instructions.md': 'Name.',
    'assistant_roles/reviewer/role.yaml': { id: 'reviewer', title: 'Reviewer' },
    'assistant_roles/namer/role.yaml': {
      id: 'namer',
      title: 'Namer',
      policy: { decision_kinds: ['naming'] },
    },
    ...Object.fromEntries([
      task(
        'gate',
        `if ${first}; then ${ask} --audience human --question 'Ship?' --reply-schema schemas/reply.yaml --option ship --option hold; else ${finish}; fi`,
      ),
      task(
        'plain',
        `if ${first}; then ${ask} --audience human --question 'Why?'; else ${finish}; fi`,
      ),
      task('closed', finish, {
        interaction_policy: { allow_human: false, allowed_assistant_roles: ['namer'] },
      }),
      task(
        'handed',
        `if ${first}; then ${ask} --audience assistant --target-role reviewer --question 'Which way?'; else ${finish}; fi`,
      ),
      task(
        'decides',
        `case "$CODEX_ORCH_ATTEMPT_DIR" in */0001) ${ask} --audience human --decision-kind review --question 'Good?';; */0002) ${ask} --audience assistant --decision-kind naming --question 'Name?';; *) ${finish};; esac`,
        {
          required_decisions: [
            { decision_kind: 'review', audience: 'human' },
            { decision_kind: 'naming', audience: 'any' },
          ],
        },
      ),
      task(
        'decides_not',
        `${ask} --audience human --decision-kind review --question 'Good?' --non-blocking; ${finish}`,
        {
          required_decisions: [
            { decision_kind: 'review', audience: 'human', description: 'release' },
          ],
        },
      ),
      task('asks_on', `${ask} --audience human --question 'Well?' --non-blocking; ${finish}`),
      task('naps', 'echo > napping; sleep 600'),
      task('after_nap', finish, { depends_on: [{ task: 'naps', kind: 'order' }] }),
      task('once', `echo once >> effects.log; ${finish}`),
      task(
        'round',
        `if ${first}; then echo round >> effects.log; ${ask} --audience human --question "Go on?"; else ${finish}; fi`,
        {
          depends_on: [{ task: 'once', kind: 'order' }],
        },
      ),
      task(
        'again',
        `n=$(cat "$CODEX_ORCH_ATTEMPT_DIR/context/refs/inputs/n.json")
if ${first} && [ "$n" = 2 ]; then ${ask} --audience human --question 'Enough?'; exit 0; fi
if [ "$n" = 2 ]; then echo '{"control":{"kind":"loop","action":"stop"}}'; else echo '{"control":{"kind":"loop","action":"continue","next_inputs":{"n":2}}}'; fi > "$CODEX_ORCH_ATTEMPT_DIR/result.json"`,
        {
          kind: 'controller',
          publish: [],
          compose: [{ kind: 'ref', ref: 'inputs.n' }],
          depends_on: [{ task: 'round', kind: 'order' }],
          control: { mode: 'loop', continue_targets: ['round'], stop_targets: ['end'] },
        },
      ),
      task('end', finish, { depends_on: [{ task: 'again', kind: 'order' }] }),
    ]),
  });
});

export interface Run {
  id: string;
  paths: RunPaths;
  ended: Ended;
  instances(): Instance[];
  only(): Instance;
  open(): Promise<InterruptEntry[]>;
}

export async function start(root: string, ...more: string[]): Promise<Run> {
  const ended = await cli('run', 'start', '--root', root, ...more);
  const id = ended.stdout.trim();
  expect(listRunIds(program), ended.stderr).toContain(id);
  const paths = runPaths(program, id);
  const instances = (): Instance[] => [...viewRun(paths).state.instances.values()];
  return {
    id,
    paths,
    ended,
    instances,
    only: () => instances()[0] as Instance,
    async open() {
      const listed = await cli('inbox', 'list', '--run-id', id, '--unresolved-only', '--json');
      return JSON.parse(listed.stdout) as InterruptEntry[];
    },
  };
}

export async function theOpenOne(run: Run): Promise<InterruptEntry> {
  const open = await run.open();
  expect(open).toHaveLength(1);
  return open[0] as InterruptEntry;
}
