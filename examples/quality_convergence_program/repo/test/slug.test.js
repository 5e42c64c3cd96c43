import assert from 'node:assert/strict';
import { test } from 'node:test';
import { slugify } from '../src/slug.js';

test('words are joined by dashes', () => {
  assert.equal(slugify('Hello World'), 'hello-world');
});

test('runs of separators become one dash', () => {
  assert.equal(slugify('Cause & effect'), 'cause-effect');
});

test('accents are dropped', () => {
  assert.equal(slugify('Crème brûlée'), 'creme-brulee');
});
