/** `checks` of a project or task: section 18 of the contract. */
import type { CheckSpec } from '../../model/checks.ts';
import type { FieldsOf, Shape } from './shape.ts';
import { argumentWord } from './forms.ts';

const checkFields: FieldsOf<CheckSpec> = {
  run: {
    shape: argumentWord,
    staysOut: true,
    description: 'A shell line, run in the workspace; exit status 0 is success.',
    examples: ['npm test'],
  },
  unchanged: {
    shape: { type: 'list', items: argumentWord, min: 1 },
    staysOut: true,
    description:
      'Globs of files, relative to the workspace, none of which may have changed since the first attempt began. It needs a git repository.',
    examples: [['test/**']],
  },
  changed: {
    shape: { type: 'boolean' },
    staysOut: true,
    description:
      'true: something must have changed since the first attempt began. It needs a git repository.',
  },
  timeout_sec: {
    shape: { type: 'seconds' },
    default: 600,
    description: 'After so many seconds it is stopped, and has failed.',
  },
  baseline: {
    shape: { type: 'boolean' },
    default: false,
    description:
      'Also run it before the first attempt. Where it fails there already, and again in the end, that is reported as known and fails nothing.',
  },
};

export const checks: Shape = { type: 'list', items: { type: 'object', fields: checkFields } };
