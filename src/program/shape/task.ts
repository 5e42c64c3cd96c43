/** The fields of tasks/<id>.yaml: section 2.2 of the contract. */
import {
  decisionKinds,
  dependencyKinds,
  sandboxes,
  taskStatuses,
  type TaskSpec,
} from '../../model/program.ts';
import { text, word, programPath, artifactPath, idString, directory, words, ids } from './forms.ts';
import type { FieldsOf, Shape } from './shape.ts';

const dependency: Shape = {
  type: 'object',
  fields: {
    task: { shape: word, required: true, description: 'Id of the task that must be done first.' },
    kind: {
      shape: { type: 'enum', values: dependencyKinds },
      required: true,
      description: 'order: only wait for it. context: also take files that it publishes.',
    },
    consume: {
      shape: { type: 'list', items: artifactPath },
      description: 'Published files to take; at least one for context, none for order.',
      examples: [['final.md']],
    },
    as: {
      shape: idString,
      nullable: true,
      description: 'Name of the dependency in references; without it, the task id.',
    },
  },
};

const composePart: Shape = {
  type: 'tagged',
  tag: 'kind',
  fallback: { kind: 'literal', text: '' },
  variants: {
    file: {
      path: {
        shape: programPath,
        required: true,
        description: 'Prompt file, relative to the program.',
        examples: ['prompts/build.md'],
      },
    },
    ref: {
      ref: {
        shape: word,
        required: true,
        description:
          'deps.<scope>.result, deps.<scope>.artifacts.<path>, inputs.<key>, runtime.replies or runtime.latest_reply.',
        examples: ['inputs.brief', 'deps.plan.artifacts.final.md'],
      },
    },
    literal: { text: { shape: text, required: true, description: 'Text, as it stands.' } },
  },
};

const control: Shape = {
  type: 'tagged',
  tag: 'mode',
  fallback: null,
  variants: {
    route: {
      routes: {
        shape: {
          type: 'list',
          min: 1,
          items: {
            type: 'object',
            fields: {
              label: {
                shape: word,
                required: true,
                description: 'What result.json chooses the route by.',
              },
              targets: {
                shape: { type: 'list', items: word, min: 1 },
                required: true,
                description: 'Tasks that the route activates; each depends on this controller.',
              },
            },
          },
        },
        required: true,
        description: 'The branches to choose from.',
      },
    },
    loop: {
      continue_targets: {
        shape: { type: 'list', items: word, min: 1 },
        required: true,
        description: 'Where an iteration starts: ancestors of this controller.',
      },
      stop_targets: {
        shape: { type: 'list', items: word },
        description: 'Tasks that follow when the loop ends; each depends on this controller.',
      },
      max_iterations: {
        shape: { type: 'integer', min: 1 },
        nullable: true,
        description: 'How many times the loop may continue; null: no bound.',
        examples: [10],
      },
    },
  },
};

export const taskFields: FieldsOf<TaskSpec> = {
  id: { shape: idString, required: true, description: 'The file’s name without .yaml.' },
  title: { shape: word, required: true, description: 'One line for people.' },
  agent: {
    shape: word,
    nullable: true,
    description: 'Agent that runs it; without one, the project’s default_agent.',
  },
  kind: {
    shape: { type: 'enum', values: ['work', 'controller'] },
    default: 'work',
    description: 'A controller’s result.json routes or loops.',
  },
  status: {
    shape: { type: 'enum', values: taskStatuses },
    default: 'draft',
    description:
      'The author’s own board; runs never write it. blocked and archived tasks do not run.',
  },
  description: { shape: text, description: 'More for people.' },
  labels: { shape: words, description: 'For run start --label, and for routing to roles.' },
  depends_on: {
    shape: { type: 'list', items: dependency },
    description: 'Tasks that must be done first.',
  },
  compose: {
    shape: { type: 'list', items: composePart },
    description: 'The prompt, part by part.',
  },
  publish: {
    shape: { type: 'list', items: artifactPath },
    default: ['final.md'],
    description: 'Files that an instance must leave, and hands to its dependents.',
  },
  control: { shape: control, nullable: true, description: 'For controllers, and required there.' },
  assistant_hints: {
    shape: {
      type: 'object',
      fields: {
        preferred_roles: { shape: ids, description: 'Roles that win among equals.' },
        decision_kind_overrides: {
          shape: { type: 'map', values: idString, oneOfKeys: decisionKinds },
          description: 'Decision kind to the role that decides it.',
          examples: [{ review: 'reviewer' }],
        },
        ask_when: { shape: words, description: 'Situations that call for help.' },
      },
    },
    description: 'Whom to ask.',
  },
  interaction_policy: {
    shape: {
      type: 'object',
      fields: {
        allowed_assistant_roles: {
          shape: ids,
          nullable: true,
          description: 'Roles that the task may ask; null: all.',
        },
        allow_human: {
          shape: { type: 'boolean' },
          default: true,
          description: 'Whether it may ask a human.',
        },
      },
    },
    description: 'Whom the task may ask.',
  },
  required_decisions: {
    shape: {
      type: 'list',
      items: {
        type: 'object',
        fields: {
          decision_kind: {
            shape: { type: 'enum', values: decisionKinds },
            required: true,
            description: 'What must be decided.',
          },
          audience: {
            shape: { type: 'enum', values: ['human', 'assistant', 'any'] },
            default: 'human',
            description: 'By whom.',
          },
          description: { shape: text, description: 'What the decision is about.' },
        },
      },
    },
    description: 'Decisions that an instance must ask for, blocking, before it can be done.',
  },
  model: {
    shape: word,
    nullable: true,
    description: 'Model; without it, the agent’s or the project’s.',
  },
  sandbox: {
    shape: { type: 'enum', values: sandboxes },
    nullable: true,
    description: 'Sandbox; without it, the agent’s or the project’s.',
  },
  workspace: {
    shape: directory,
    nullable: true,
    description:
      'Directory to work in; relative to the project’s workspace. May hold ${inputs.<key>}.',
  },
  extra_writable_roots: {
    shape: { type: 'list', items: directory },
    description:
      'More directories to write to; relative to the task’s workspace. May hold ${inputs.<key>}.',
  },
  result_schema: {
    shape: programPath,
    nullable: true,
    description: 'JSON Schema file (.json, .yaml) that result.json must match.',
    examples: ['schemas/review.json'],
  },
  run: {
    shape: word,
    nullable: true,
    description: 'Shell line, where the agent’s backend is command.',
    examples: ['npm test'],
  },
};
