/** `for_each` of a task and `gather` of a dependency: section 17 of the contract. */
import { forEachDefaults } from '../../model/defaults.ts';
import { gatherings, type ForEach } from '../../model/program.ts';
import { itemName, valuePath, word } from './forms.ts';
import { forEachWords } from './other-words.ts';
import type { Field, FieldsOf } from './shape.ts';

const forEachFields: FieldsOf<ForEach> = {
  items: {
    shape: {
      type: 'either',
      ways: [
        { fits: Array.isArray, shape: { type: 'list', items: { type: 'json' } } },
        { fits: (value) => typeof value === 'string', shape: word },
      ],
    },
    required: true,
    description:
      'The list: deps.<scope>.result or inputs.<key>, with a path or not, or written here.',
    examples: ['deps.find.result.failures', ['src/a.ts', 'src/b.ts']],
  },
  as: {
    shape: { type: 'string', form: itemName },
    required: true,
    description: 'Input that holds the item; its place, from 0, is the input <as>_index.',
    examples: ['failure'],
  },
  key: {
    shape: { type: 'string', nonEmpty: true, form: valuePath },
    nullable: true,
    description:
      'Path in the item to what names it, in lists and directories; without it, its place.',
    examples: ['file'],
  },
  max_parallel: {
    shape: { type: 'integer', min: 1 },
    nullable: true,
    description: 'Items at a time, within max_concurrency; null: as many as that allows.',
    examples: [4],
  },
  ask_above: {
    shape: { type: 'integer', min: 0 },
    nullable: true,
    default: forEachDefaults.ask_above,
    description: 'A longer list asks a person first; null: never.',
    examples: [25],
  },
  max_items: {
    shape: { type: 'integer', min: 0 },
    default: forEachDefaults.max_items,
    description: 'A longer list is a failure.',
  },
  stop_after: {
    shape: { type: 'integer', min: 1 },
    nullable: true,
    description: 'Once so many items have failed, no further one begins; null: all begin.',
    examples: [5],
  },
};

export const forEach: Field = {
  shape: {
    type: 'object',
    words: forEachWords,
    short: (ref) => ({ items: ref, as: 'item' }),
    fields: forEachFields,
  },
  staysOut: true,
  description:
    'The task, and all that descends from it up to where a dependency gathers, for every item of a list.',
  examples: [{ items: 'deps.find.result.failures', as: 'failure' }],
};

export const gather: Field = {
  shape: { type: 'enum', values: gatherings },
  staysOut: true,
  description:
    'Take all items of the task together. settled: when each is done, failed or skipped. all: when all are done.',
  examples: ['settled'],
};
