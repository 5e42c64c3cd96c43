/** `interrupt create` on a machine that does not have the run. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createInterrupt, type Question } from '../../../src/app/inbox/create.ts';
import { recommendWhomToAsk } from '../../../src/app/inbox/recommend-role.ts';
import type { World } from '../../../src/app/world.ts';
import { writeAsking } from '../../../src/attempt/brief/asking.ts';
import { systemClock } from '../../../src/engine/clock.ts';
import { RUN_ID, task } from '../../support/make.ts';
import { removeDirectory, temporaryDirectory } from '../../attempt/fixture.ts';

let place: string;
let attemptDir: string;
let world: World;
const names = (more: object = {}) => ({
  programDir: path.join(place, 'program'),
  run: RUN_ID,
  instance: 'build-1',
  task: null,
  ...more,
});
const question: Question = {
  ...{ audience: 'human', blocking: true, requestKind: 'question', decisionKind: null },
  ...{ text: 'Which port?', options: ['1'], artifacts: [], replySchema: null },
  ...{ priority: 'normal', targetRole: null, metadata: {} },
};

beforeEach(() => {
  place = temporaryDirectory();
  attemptDir = path.join(place, 'run/instances/build-1/attempts/0001');
  const { id, labels, assistant_hints, interaction_policy } = task({
    id: 'build',
    interaction_policy: { allowed_assistant_roles: ['namer'], allow_human: true },
  });
  const policy = { request_kinds: [], decision_kinds: [], task_labels_any: [], ask_when: [] };
  writeAsking(
    { attemptDir },
    {
      run_id: RUN_ID,
      instance_id: 'build-1',
      task: { id, labels, assistant_hints, interaction_policy },
      roles: [
        { id: 'namer', policy: { ...policy, decision_kinds: ['naming'] } },
        { id: 'reviewer', policy },
      ],
      files: ['prompts/build.md'],
    },
  );
  const env = { CODEX_ORCH_ASKING: path.join(attemptDir, 'context/asking.json') };
  world = { env, cwd: place, clock: systemClock } as unknown as World;
});
afterEach(() => removeDirectory(place));

it('leaves the question beside the attempt, and needs nothing of the run', async () => {
  const asked = { ...question, artifacts: ['prompts/build.md'] };
  const { interrupt, warnings } = await createInterrupt(world, names(), asked);
  expect(warnings).toEqual([]);
  const questions = path.join(attemptDir, 'questions');
  const [file = ''] = readdirSync(questions);
  const left: unknown = JSON.parse(readFileSync(path.join(questions, file), 'utf8'));
  expect(left).toMatchObject({
    interrupt_id: interrupt.interrupt_id,
    ...{ run_id: RUN_ID, instance_id: 'build-1', task_id: 'build', status: 'open' },
    ...{ audience: 'human', question: 'Which port?', context_artifacts: ['prompts/build.md'] },
  });
  expect(existsSync(path.join(place, 'program'))).toBe(false);
});

it('asks the role that fits', async () => {
  const asked = { ...question, audience: 'assistant', decisionKind: 'naming' } as const;
  const { interrupt } = await createInterrupt(world, names(), asked);
  expect(interrupt.resolved_target_role_id).toBe('namer');
  const query = { audience: 'assistant', requestKind: 'question', decisionKind: 'naming' } as const;
  const recommended = await recommendWhomToAsk(names(), query, world.env);
  expect(recommended).toMatchObject({ recommended_target_role_id: 'namer', allow_human: true });
});

it.each([
  ['another instance', { instance: 'build-2' }, {}, 'not-here'],
  ['another task', { task: 'test' }, {}, 'not-here'],
  [
    'a role that it may not ask',
    {},
    { audience: 'assistant', targetRole: 'reviewer' },
    'role-not-allowed',
  ],
  ['a file that did not come along', {}, { artifacts: ['prompts/other.md'] }, 'file-not-found'],
  ['another run, which is not here', { run: '20990101000000-00000000' }, {}, 'run-not-found'],
] as const)('refuses %s', async (_name, who, what, code) => {
  const asking = createInterrupt(world, names(who), { ...question, ...what } as Question);
  await expect(asking).rejects.toMatchObject({ code });
  expect(existsSync(path.join(attemptDir, 'questions'))).toBe(false);
});
