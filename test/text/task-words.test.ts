import { describe, expect, it } from 'vitest';
import type { Condition, Dependency, ForEach } from '../../src/model/program.ts';
import { conditionWords, forEachWords, notesOn } from '../../src/text/task-words.ts';

const forEach: ForEach = {
  ...{ items: 'deps.find.result.failures', as: 'failure', key: 'file', max_parallel: 4 },
  ...{ ask_above: 25, max_items: 1000, stop_after: 1 },
};

const on = (task: string, more: Partial<Dependency>): Dependency => {
  return { task, kind: 'order', consume: [], as: null, ...more };
};

describe('a task in words', () => {
  it.each<[Condition, string]>([
    [{ ref: 'inputs.a', matches: { const: 'ok' } }, 'inputs.a is "ok"'],
    [{ ref: 'inputs.a', matches: { enum: [1, null] } }, 'inputs.a is 1 or null'],
    [{ ref: 'inputs.a', matches: { minimum: 3 } }, 'inputs.a fits {"minimum":3}'],
    [
      {
        any: [
          { ref: 'inputs.a', matches: true, missing: false },
          { ref: 'inputs.b', matches: { const: 1 } },
        ],
      },
      'inputs.a fits true (where it is missing: no) or inputs.b is 1',
    ],
    [
      [
        { ref: 'inputs.a', matches: { const: 1 } },
        { ref: 'inputs.b', matches: { const: 2 } },
      ],
      'inputs.a is 1 and inputs.b is 2',
    ],
  ])('%j', (condition, words) => {
    expect(conditionWords(condition)).toBe(words);
  });

  it('says how a list becomes work', () => {
    expect(forEachWords(forEach)).toBe(
      'for each failure of deps.find.result.failures, named by file, 4 at a time, asks above 25, no further one after 1 failure',
    );
    const plain = { ...forEach, key: null, max_parallel: null, ask_above: null, stop_after: null };
    expect(forEachWords({ ...plain, items: ['a', 'b'] })).toBe('for each failure of a list of 2');
  });

  it('has nothing to say of an ordinary task', () => {
    expect(notesOn({ control: null, depends_on: [on('a', {})] }, null)).toEqual([]);
  });

  it('says what it takes together, and what it may lack', () => {
    const depends_on = [
      on('fix', { gather: 'settled' }),
      on('b', { gather: 'all' }),
      on('c', { optional: true }),
    ];
    expect(notesOn({ control: null, depends_on }, 'part')).toEqual([
      'for each item of part',
      'once all items of fix are settled',
      'once all items of b are done',
      'without c where its condition skips it',
    ]);
  });
});
