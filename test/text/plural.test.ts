import { expect, it } from 'vitest';
import { plural } from '../../src/text/plural.ts';

it('counts in words', () => {
  expect(plural(0, 'task')).toBe('0 tasks');
  expect(plural(1, 'task')).toBe('1 task');
  expect(plural(2, 'reply', 'replies')).toBe('2 replies');
  expect(plural(1, 'reply', 'replies')).toBe('1 reply');
});
