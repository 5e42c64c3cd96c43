/** 17. What a program may not ask of regions: `for_each` and `gather`, each with its place and what to write instead. */
import { describe, expect, it } from 'vitest';
import { brief, project, report, task, type Files } from '../sample-program.ts';

/** What is said of these files, without what no engine carries out yet. */
async function found(files: Files): Promise<string[]> {
  const { errors, warnings, notes } = await report({
    'project.yaml': `${project}edition: 2\n`,
    ...files,
  });
  return [...errors, ...warnings, ...notes]
    .filter(({ code }) => code !== 'task.not_built')
    .map((one) => `${brief(one)}: ${one.message}${one.hint === null ? '' : ` | ${one.hint}`}`);
}

const find = task('find');
const fix = task(
  'fix',
  'for_each: {items: deps.find.result.failures, as: failure}\ndepends_on: [{task: find, kind: order}]\n',
);

describe('17. where tasks stand', () => {
  it('has nothing against a region that is gathered', async () => {
    const files = {
      'tasks/find.yaml': find,
      'tasks/fix.yaml': fix,
      'tasks/check.yaml': task('check', 'depends_on: [{task: fix, kind: order}]\n'),
      'tasks/end.yaml': task('end', 'depends_on: [{task: check, kind: order, gather: settled}]\n'),
    };
    expect(await found(files)).toEqual([]);
  });

  it('says where there is nothing to gather', async () => {
    const files = {
      'tasks/find.yaml': find,
      'tasks/end.yaml': task('end', 'depends_on: [{task: find, kind: order, gather: all}]\n'),
    };
    expect(await found(files)).toEqual([
      'error task.gather_without_region tasks/end.yaml:3:48: there is nothing to gather: "find" stands in no region, and has one instance | Remove "gather", or give the task that is to run for every item "for_each".',
    ]);
  });

  it('says what is not carried out yet', async () => {
    const { errors } = await report({ 'tasks/find.yaml': find, 'tasks/fix.yaml': fix });
    expect(errors.map(brief)).toEqual(['error task.not_built tasks/fix.yaml:3:11']);
  });
});
