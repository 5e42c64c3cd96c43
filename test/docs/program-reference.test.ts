import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { presetFields } from '../../src/program/shape/preset.ts';
import { projectFields } from '../../src/program/shape/project.ts';
import { roleFields } from '../../src/program/shape/role.ts';
import { taskFields } from '../../src/program/shape/task.ts';
import type { Fields, Shape } from '../../src/program/shape/shape.ts';

const page = readFileSync('docs/program-reference.md', 'utf8');

function names(fields: Fields): string[] {
  return Object.entries(fields).flatMap(([name, field]) => [name, ...namesIn(field.shape)]);
}

function namesIn(shape: Shape): string[] {
  switch (shape.type) {
    case 'list':
      return namesIn(shape.items);
    case 'map':
      return namesIn(shape.values);
    case 'object':
      return names(shape.fields);
    case 'tagged':
      return [shape.tag, ...Object.values(shape.variants).flatMap(names)];
    default:
      return [];
  }
}

it.each([
  ['project', projectFields],
  ['task', taskFields],
  ['role', roleFields],
  ['preset', presetFields],
])('the reference page names every field of a %s', (_name, fields) => {
  const missing = names(fields).filter((name) => !new RegExp(`\\b${name}\\b`).test(page));
  expect(missing).toEqual([]);
});
