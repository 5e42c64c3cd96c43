/** The fields of tasks/<id>.yaml: section 2.2 of the contract. */
import { isJsonObject, type JsonObject } from '../../model/json.ts';
import {
  decisionKinds,
  dependencyKinds,
  sandboxes,
  taskStatuses,
  type TaskSpec,
} from '../../model/program.ts';
import { taskBudget } from './budget.ts';
import {
  argumentWord,
  artifactPath,
  directory,
  ids,
  idString,
  locks,
  programPath,
  text,
  word,
  words,
  inputKey,
} from './forms.ts';
import {
  composeWords,
  controlWords,
  decisionWords,
  dependencyWords,
  hintsWords,
  interactionWords,
  routeWords,
} from './other-words.ts';
import { forEach, gather } from './regions.ts';
import { checks } from './checks.ts';
import { runsOn } from './machines.ts';
import { policyFields } from './policies.ts';
import type { Field, FieldsOf, Shape } from './shape.ts';
import { isolation, tree } from './trees.ts';

const test: Shape = {
  type: 'object',
  fields: {
    ref: {
      shape: word,
      required: true,
      description: 'What is looked at: deps.<scope>.result or inputs.<key>, with a path or not.',
      examples: ['deps.review.result.verdict'],
    },
    matches: {
      shape: { type: 'schema' },
      required: true,
      description: 'JSON Schema that the value must fit.',
      examples: [{ const: 'ok' }],
    },
    missing: {
      shape: { type: 'boolean' },
      staysOut: true,
      description: 'The outcome where there is no such value; without it, that is a failure.',
    },
  },
};

const tests: Shape = { type: 'list', items: test, min: 1 };

const condition: Shape = {
  type: 'either',
  ways: [
    { fits: (value) => isJsonObject(value) && !Object.hasOwn(value, 'any'), shape: test },
    { fits: Array.isArray, shape: tests },
    {
      fits: isJsonObject,
      shape: {
        type: 'object',
        fields: { any: { shape: tests, required: true, description: 'One of these must hold.' } },
      },
    },
  ],
};

const ruleCondition: Field = {
  shape: condition,
  staysOut: true,
  description:
    'When the rule holds: a test, a list of tests, or {any: [test…]}. The last may lack it.',
  examples: [{ ref: 'deps.review.result.verdict', matches: { const: 'ok' } }],
};

/** Of one form of controller: what each rule chooses, beside when. */
function rules(choice: Record<string, Field>): Shape {
  const fields = { when: ruleCondition, ...choice };
  return { type: 'list', min: 1, items: { type: 'object', fields } };
}

const nextInput: Shape = {
  type: 'either',
  ways: [
    {
      fits: (value) => isJsonObject(value) && !Object.hasOwn(value, 'value'),
      shape: {
        type: 'object',
        fields: { ref: { shape: word, required: true, description: 'A reference to the value.' } },
      },
    },
    {
      fits: isJsonObject,
      shape: {
        type: 'object',
        fields: { value: { shape: { type: 'json' }, required: true, description: 'The value.' } },
      },
    },
  ],
};

const dependency: Shape = {
  type: 'object',
  words: dependencyWords,
  short: (id) => ({ task: id, kind: 'order' }),
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
    optional: {
      shape: { type: 'boolean' },
      staysOut: true,
      description:
        'Go on without it where its condition skipped it; its references are absent then.',
    },
    gather,
  },
};

/** A path has no blanks, and an extension or a folder; a prompt has blanks. */
function composePartOf(given: string): JsonObject {
  if (/^(inputs|deps|runtime)\.\S+$/.test(given)) return { kind: 'ref', ref: given };
  return /^\S*(\/\S+|\.(md|txt|markdown|prompt))$/.test(given)
    ? { kind: 'file', path: given }
    : { kind: 'literal', text: given };
}

const composePart: Shape = {
  type: 'tagged',
  tag: 'kind',
  fallback: { kind: 'literal', text: '' },
  words: composeWords,
  short: composePartOf,
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
          'deps.<scope>.result, deps.<scope>.artifacts.<path>, deps.<scope>.changes, inputs.<key>, runtime.replies or runtime.latest_reply. A path of keys and indexes may follow a result or an input.',
        examples: [
          'inputs.brief',
          'deps.plan.artifacts.final.md',
          'deps.find.result.failures.0.file',
        ],
      },
    },
    literal: { text: { shape: text, required: true, description: 'Text, as it stands.' } },
  },
};

const control: Shape = {
  type: 'tagged',
  tag: 'mode',
  fallback: null,
  words: controlWords,
  variants: {
    route: {
      routes: {
        shape: {
          type: 'list',
          min: 1,
          items: {
            type: 'object',
            words: routeWords,
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
      decide: {
        shape: rules({
          labels: {
            shape: { type: 'list', items: word },
            required: true,
            description: 'The routes that the rule chooses; an empty list chooses none.',
          },
        }),
        staysOut: true,
        description: 'Rules that decide without an agent: the first that holds.',
        examples: [[{ labels: ['accept'] }]],
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
      decide: {
        shape: rules({
          action: {
            shape: { type: 'enum', values: ['continue', 'stop'] },
            required: true,
            description: 'What the loop does.',
          },
          next_inputs: {
            shape: { type: 'map', values: nextInput, keys: inputKey },
            staysOut: true,
            description: 'What the next iteration sees: {ref: …} or {value: …}; with continue.',
            examples: [{ feedback: { ref: 'deps.review.result.feedback' } }],
          },
        }),
        staysOut: true,
        description: 'Rules that decide without an agent: the first that holds.',
        examples: [[{ action: 'stop' }]],
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
    examples: [[{ task: 'plan', kind: 'order' }]],
  },
  compose: {
    shape: { type: 'list', items: composePart },
    description: 'The prompt, part by part.',
    examples: [[{ kind: 'file', path: 'prompts/build.md' }]],
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
      words: hintsWords,
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
      words: interactionWords,
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
        words: decisionWords,
        short: (kind) => ({ decision_kind: kind }),
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
    shape: argumentWord,
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
  isolation: { ...isolation, description: 'As the project’s isolation, for this task.' },
  tree: { ...tree, description: 'As the project’s tree, for this task; it counts whole.' },
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
    shape: argumentWord,
    nullable: true,
    description: 'Shell line, where the agent’s backend is command.',
    examples: ['npm test'],
  },
  locks: {
    shape: locks,
    staysOut: true,
    description:
      'Locks that its instances hold while they run: no two of them at the same time. [] is none, whatever the agent names.',
    examples: [['database'], [{ name: 'port:5432', scope: 'user' }]],
  },
  budget: taskBudget,
  when: {
    shape: condition,
    staysOut: true,
    description:
      'Condition: a test, a list of tests that all hold, or {any: [test…]}. Where it does not hold, the task is skipped.',
    examples: [{ ref: 'deps.review.result.verdict', matches: { const: 'ok' } }],
  },
  for_each: forEach,
  checks: {
    shape: checks,
    staysOut: true,
    description:
      'What must hold before an instance is done, run by the engine, in this order, in the workspace and sandbox of the task, after an attempt that ended well. [] is none, whatever the project says.',
    examples: [[{ run: 'npm test', timeout_sec: 600 }, { unchanged: ['test/**'] }]],
  },
  changes: {
    shape: { type: 'boolean' },
    staysOut: true,
    description:
      'Whether the git tree of a shared workspace is recorded before and after each attempt, for run changes. Left out: as the project says.',
  },
  runs_on: runsOn,
  ...policyFields,
};
