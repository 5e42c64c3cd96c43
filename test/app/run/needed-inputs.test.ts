import { expect, it } from 'vitest';
import { inputTrouble } from '../../../src/app/run/needed-inputs.ts';
import type { ProjectSpec } from '../../../src/model/program.ts';
import { loop, task } from '../../support/make.ts';

const project = { workspace: '.', user_inputs: { known: 'k.txt' } } as unknown as ProjectSpec;
const reads = (key: string) => [{ kind: 'ref' as const, ref: `inputs.${key}` }];

it('names what is needed and given by nobody, and what was probably meant', () => {
  const tasks = [
    task({ id: 'a', compose: reads('brief') }),
    task({ id: 'b', workspace: '${inputs.place}' }),
  ];
  const given = new Set(['place', 'breif', 'other', 'known']);
  const { missing, unread } = inputTrouble(project, tasks, given, given);
  expect([...missing]).toEqual([['brief', ['a']]]);
  expect([...unread]).toEqual([
    ['breif', 'brief'],
    ['other', null],
  ]);
});

it('leaves to a loop what it may give: to what it leads to, and what follows', () => {
  const tasks = [
    task({ id: 'first', compose: reads('x') }),
    task({
      id: 'work',
      depends_on: [{ task: 'first', kind: 'order', consume: [], as: null }],
      compose: reads('y'),
    }),
    task({ id: 'gate', kind: 'controller', control: loop(['work'], []) }),
  ];
  const { missing } = inputTrouble(project, tasks, new Set(), new Set());
  expect([...missing.keys()]).toEqual(['x']);
});
