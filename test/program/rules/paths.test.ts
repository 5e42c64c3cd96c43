import { expect, it } from 'vitest';
import { pathTemplatesOf } from '../../../src/program/rules/paths.ts';

it('finds every path of a task that may hold inputs, and where it is written', () => {
  expect(pathTemplatesOf({ workspace: 'w', extra_writable_roots: ['r', 's'] })).toEqual([
    { path: ['workspace'], template: 'w' },
    { path: ['extra_writable_roots', 0], template: 'r' },
    { path: ['extra_writable_roots', 1], template: 's' },
  ]);
  expect(pathTemplatesOf({ workspace: null, extra_writable_roots: [] })).toEqual([]);
});

it('finds the one of a project', () => {
  expect(pathTemplatesOf({ workspace: '../repository' })).toEqual([
    { path: ['workspace'], template: '../repository' },
  ]);
});
