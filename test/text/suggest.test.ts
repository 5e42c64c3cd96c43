import { describe, expect, it } from 'vitest';
import { didYouMean, editDistance, suggest } from '../../src/text/suggest.ts';

describe('suggest', () => {
  const commands = ['project', 'task', 'edge', 'preset', 'graph', 'run', 'inspect', 'interrupt'];
  it.each([
    ['projcet', 'project'],
    ['tsak', 'task'],
    ['RUN', 'run'],
    ['rnu', 'run'],
    ['runs', 'run'],
    ['interupt', 'interrupt'],
    ['inter', 'interrupt'],
    ['pre', 'preset'],
    ['xyzzy', null],
    ['', null],
    ['q', null],
    ['go', null],
  ])('%j → %j', (word, expected) => {
    expect(suggest(word, commands)).toBe(expected);
  });

  it('prefers the nearest, then the first', () => {
    expect(suggest('depend_on', ['depends_on', 'depend_in', 'depend_on'])).toBe('depend_on');
    expect(suggest('lst', ['lost', 'list'])).toBe('lost');
  });

  it('counts a swap of neighbours as one slip', () => {
    expect(editDistance('ab', 'ba')).toBe(1);
    expect(editDistance('kitten', 'sitting')).toBe(3);
    expect(editDistance('', 'abc')).toBe(3);
    expect(editDistance('abc', '')).toBe(3);
  });
});

it('makes a hint of the nearest candidate', () => {
  expect(didYouMean('biuld', ['test', 'build'])).toBe('Did you mean "build"?');
  expect(didYouMean('deploy', ['test', 'build'])).toBeNull();
});
