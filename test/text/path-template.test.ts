import { expect, it } from 'vitest';
import { inputsOf } from '../../src/text/path-template.ts';

it.each([
  ['${inputs.a}/x/${inputs.b}', ['a', 'b']],
  ['plain', []],
  ['${inputs.a}/${env.HOME}', []],
  ['${inputs.a', []],
])('names the inputs of %j', (template, inputs) => {
  expect(inputsOf(template)).toEqual(inputs);
});
