/** Where tasks stand among regions: `src/model/regions.ts`. */
import { describe, expect, it } from 'vitest';
import type { Dependency } from '../../src/model/program.ts';
import {
  gatheredRegion,
  loopBodyOf,
  regionsOf,
  stackAround,
  type RegionTask,
} from '../../src/model/regions.ts';

/** `fix*: find` opens a region and depends on find; `all: fix!` gathers it. `c loop(a,b/end): x` is a controller. */
function tasksOf(text: string): RegionTask[] {
  return text.split('; ').map((line) => {
    const [, id = '', star, mode, targets = '', ups = ''] =
      /^(\w+)(\*)?(?: (loop|route)\((.*)\))?:? ?(.*)$/.exec(line) ?? [];
    const [again = '', stop = ''] = targets.split('/').map((list) => list);
    const names = (list: string): string[] => list.split(',').filter((name) => name !== '');
    return {
      id,
      ...(star === undefined
        ? {}
        : {
            for_each: {
              ...{ items: 'inputs.list', as: 'item', key: null, max_parallel: null },
              ...{ ask_above: null, max_items: 9, stop_after: null },
            },
          }),
      depends_on: ups
        .split(' ')
        .filter((up) => up !== '')
        .map((up): Dependency => ({
          ...{ task: up.replace('!', ''), kind: 'order', consume: [], as: null },
          ...(up.endsWith('!') ? { gather: 'settled' } : {}),
        })),
      control:
        mode === 'loop'
          ? {
              mode,
              continue_targets: names(again),
              stop_targets: names(stop),
              max_iterations: null,
            }
          : mode === 'route'
            ? { mode, routes: [{ label: 'a', targets: names(again) }] }
            : null,
    };
  });
}

function stacksOf(tasks: RegionTask[]): Record<string, string> {
  const { stacks } = regionsOf(tasks);
  return Object.fromEntries([...stacks].map(([id, stack]) => [id, stack.join('>')]));
}

function problemsOf(text: string): string[] {
  return regionsOf(tasksOf(text)).problems.map((problem) =>
    Object.values(problem)
      .map((value) => String(value))
      .join(' '),
  );
}

describe('17. where a task stands', () => {
  it('is the region of what it depends on, less what it gathers, and its own on top', () => {
    const tasks = tasksOf(
      'find; fix*: find; check: fix; part*: check; join: part!; all: join! fix!; end: all',
    );
    expect(regionsOf(tasks).problems).toEqual([]);
    expect(stacksOf(tasks)).toEqual({
      ...{ find: '', fix: 'fix', check: 'fix', part: 'fix>part', join: 'fix', all: '', end: '' },
    });
    const regions = regionsOf(tasks);
    expect([...regions.bodies].map(([id, body]) => [id, [...body].join(' ')])).toEqual([
      ['fix', 'fix check part join'],
      ['part', 'part'],
    ]);
    const task = (id: string): RegionTask => tasks.find((one) => one.id === id)!;
    expect(stackAround(regions, task('part'))).toEqual(['fix']);
    expect(stackAround(regions, task('check'))).toEqual(['fix']);
    expect(task('all').depends_on.map((each) => gatheredRegion(regions, each))).toEqual([
      'fix',
      'fix',
    ]);
  });

  it('does not depend on the order in which tasks are written', () => {
    const tasks = tasksOf('end: all; all: join!; join: part!; part*: fix; fix*: find; find');
    expect(stacksOf(tasks)).toMatchObject({ join: 'fix', all: '', part: 'fix>part' });
  });

  it('is nowhere for all tasks of a program without regions', () => {
    const { stacks, problems } = regionsOf(tasksOf('a; b: a; a2: b'));
    expect([[...stacks], problems]).toEqual([[], []]);
  });

  it('may be behind a region that a gathered list opens', () => {
    expect(stacksOf(tasksOf('a*; b*: a!; c: b!'))).toEqual({ a: 'a', b: 'b', c: '' });
  });
});

describe('17. what stands nowhere', () => {
  it.each([
    ['a; b: a!', ['gathers_nothing b 0']],
    ['a*; b*; c: a b', ['apart c 1 0']],
    ['a*; b: a; c: a! b', ['gathers_inside c 0 1 a']],
    ['a*; b*: a; c: b! a!', ['gathers_inside c 1 0 a']],
    ['a*; b*; c: a! b', ['gathers_from_afar c 0 1 a']],
    // What follows from it is not told a second time.
    ['a*; b*; c: a b; d: c!; e: d a!', ['apart c 1 0']],
  ])('%s', (text, problems) => {
    expect(problemsOf(text)).toEqual(problems);
  });

  it('says nothing of what lies in a circle, or behind what is not there', () => {
    expect(problemsOf('a*: c; b: a; c: b; d: b!; e: missing; f: e!')).toEqual([]);
  });
});

describe('17. controllers and regions', () => {
  it.each([
    ['a*; c route(b): a; b: c', []],
    ['c route(b); b*: c', []],
    ['c route(b); b*: c; d: b; e: d!', []],
    ['a*; c route(b); b: a c', ['target_elsewhere c b']],
    ['a*; c route(b): a; b: c!', ['target_elsewhere c b']],
    ['a*; b: a; c loop(b/): b; d: c!', ['gathers_repeated d 0 c']],
    ['a*; b: a; c loop(b/s): b; s: c; d: s!', []],
    ['a*; b: a; c loop(b/s): b; s: c; t: s; d: t!', []],
    ['a*; b: a; c loop(b/s): b; s: c; d: b!', ['gathers_repeated d 0 c']],
    // The task of the region itself: that repeats the item.
    ['a*; c loop(a/s): a; s: c; d: s!', []],
    ['a*; b: a; d: b!; c loop(a/): d', []],
    ['a*; b: a; d: b!; c loop(b/): d', ['target_elsewhere c b']],
  ])('%s', (text, problems) => {
    expect(problemsOf(text)).toEqual(problems);
  });

  it('cuts no loop where a dependency gathers within it, but at the end of its item', () => {
    const bodyOf = (text: string, seed: string): string => {
      const tasks = tasksOf(text);
      const of = (id: string): string[] =>
        tasks.filter((one) => one.depends_on.some((each) => each.task === id)).map((one) => one.id);
      return [...loopBodyOf(regionsOf(tasks), 'c', [seed], of)].join(' ');
    };
    expect(bodyOf('a*; b: a; d: b!; c loop(a/): d', 'a')).toBe('a b d c');
    expect(bodyOf('a*; b: a; c loop(b/s): b; s: c; d: s!', 'b')).toBe('b c s');
  });
});
