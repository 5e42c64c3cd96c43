/** The fields of presets/<id>.yaml: section 2.4 of the contract. */
import { type PresetSpec } from '../../model/program.ts';
import { variableName, text, word, idString } from './forms.ts';
import { variableWords } from './other-words.ts';
import type { FieldsOf } from './shape.ts';
import { taskFields } from './task.ts';

export const presetFields: FieldsOf<PresetSpec> = {
  id: { shape: idString, required: true, description: 'The file’s name without .yaml.' },
  title: { shape: word, required: true, description: 'One line for people.' },
  description: { shape: text, description: 'What the preset adds to a program.' },
  variables: {
    shape: {
      type: 'map',
      keys: variableName,
      values: {
        type: 'object',
        words: variableWords,
        fields: {
          description: { shape: text, description: 'What it stands for.' },
          default: { shape: text, nullable: true, description: 'Its value when none is given.' },
          required: {
            shape: { type: 'boolean' },
            default: true,
            description: 'Whether it must be given; not where it has a default.',
          },
        },
      },
    },
    description: 'Variables: $name or ${name} in any string of tasks; $$ is a dollar sign.',
  },
  tasks: {
    shape: { type: 'list', items: { type: 'template', fields: taskFields }, min: 1 },
    required: true,
    description: 'Tasks, as in tasks/<id>.yaml.',
  },
};
