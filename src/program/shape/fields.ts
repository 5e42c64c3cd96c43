/** The fields of the authored files: sections 2.1, 2.2, 2.4 and 10 of the contract, one table per file type. */
import {
  decisionKinds,
  dependencyKinds,
  idPattern,
  requestKinds,
  sandboxes,
  taskStatuses,
} from '../../model/program.ts';
import { backendNames, defaultBackend, roleBackendNames } from '../../agents/backends.ts';
import type { Fields, Shape, StringForm } from './shape.ts';

const id: StringForm = {
  pattern: idPattern.source,
  problem: (text) =>
    idPattern.test(text)
      ? null
      : 'must be a safe file name: a letter or digit, then letters, digits, ".", "_", "-", at most 100',
};

const inputKeyPattern = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/;

/** Input keys name staged files: as ids, but `_` may come first. */
export const inputKey: StringForm = {
  pattern: inputKeyPattern.source,
  problem: (text) =>
    inputKeyPattern.test(text)
      ? null
      : 'must be letters, digits, ".", "_", "-", not starting with "." or "-", at most 100',
};

const relativePath: StringForm = {
  pattern: '^(?!/)(?!(.*/)?\\.\\.(/|$))[^\\\\]+$',
  problem(text) {
    if (text === '') return 'must not be empty';
    if (text.includes('\0')) return 'contains a NUL character';
    if (text.includes('\\')) return 'uses "\\": paths use "/"';
    if (text.startsWith('/')) return `is "${text}": the path must be relative`;
    const parts = text.split('/');
    if (parts.includes('..')) return `is "${text}": the path must not contain ".."`;
    if (parts.every((part) => part === '' || part === '.')) return `is "${text}": it names no file`;
    return text.endsWith('/') ? `is "${text}": it names a directory, not a file` : null;
  },
};

/** A path whose text names the file uniquely: these are compared and joined as they stand. */
const plainPath: StringForm = {
  pattern: relativePath.pattern ?? '',
  problem(text) {
    const problem = relativePath.problem(text);
    if (problem !== null) return problem;
    const parts = text.split('/');
    return parts.includes('') || parts.includes('.')
      ? `is "${text}": write it without "//" and "./"`
      : null;
  },
};

const variableName: StringForm = {
  pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
  problem: (text) =>
    /^[A-Za-z_][A-Za-z0-9_]*$/.test(text)
      ? null
      : 'must be letters, digits and "_", not starting with a digit',
};

const noNul: StringForm = {
  problem: (text) => (text.includes('\0') ? 'contains a NUL character' : null),
};

const text: Shape = { type: 'string' };
const word: Shape = { type: 'string', nonEmpty: true };
const programPath: Shape = { type: 'string', form: relativePath };
const artifactPath: Shape = { type: 'string', form: plainPath };
const idString: Shape = { type: 'string', form: id };
const argument: Shape = { type: 'string', form: noNul };
const directory: Shape = { type: 'string', nonEmpty: true, form: noNul };
const words: Shape = { type: 'list', items: word };
const ids: Shape = { type: 'list', items: idString };

const agentFields: Fields = {
  backend: {
    shape: { type: 'enum', values: backendNames },
    default: defaultBackend.name,
    description: 'What runs the attempts: the Codex CLI, or a command of yours.',
  },
  model: {
    shape: word,
    nullable: true,
    description: 'Model, unless the task names one. Only for codex.',
  },
  sandbox: {
    shape: { type: 'enum', values: sandboxes },
    nullable: true,
    description: 'Sandbox, unless the task names one. Only for codex.',
  },
  args: {
    shape: { type: 'list', items: argument },
    description: 'Extra arguments, after those that codex-orch gives.',
  },
  env: {
    shape: { type: 'map', values: argument },
    description: 'Extra environment variables.',
    examples: [{ CI: '1' }],
  },
  command: {
    shape: { type: 'list', items: argument, min: 1 },
    nullable: true,
    description: 'Program and arguments, for the command backend. Not together with run.',
    examples: [['npm', 'test']],
  },
  run: {
    shape: word,
    nullable: true,
    description: 'Shell line, for the command backend; a task’s own run wins.',
    examples: ['npm test'],
  },
};

export const projectFields: Fields = {
  name: {
    shape: word,
    required: true,
    description: 'What the program is called.',
    examples: ['Release train'],
  },
  workspace: {
    shape: directory,
    required: true,
    description:
      'Directory that agents work in; relative to the program. May hold ${inputs.<key>}.',
    examples: ['../my-repository', '${inputs.repo_workspace}'],
  },
  description: { shape: text, description: 'What the program is for.' },
  default_agent: { shape: word, default: 'default', description: 'Agent of tasks that name none.' },
  default_model: {
    shape: word,
    nullable: true,
    description: 'Model of tasks and agents that name none.',
    examples: ['gpt-5.5'],
  },
  default_sandbox: {
    shape: { type: 'enum', values: sandboxes },
    default: 'workspace-write',
    description: 'What agents may touch, unless task or agent say otherwise.',
  },
  max_concurrency: {
    shape: { type: 'integer', min: 1 },
    default: 2,
    description: 'Attempts at a time in one run.',
  },
  node_wall_timeout_sec: {
    shape: { type: 'seconds' },
    default: 3600,
    nullable: true,
    description: 'Longest that an attempt may take, in seconds; null: no limit.',
  },
  node_idle_timeout_sec: {
    shape: { type: 'seconds' },
    default: 600,
    nullable: true,
    description: 'Longest that an attempt may print nothing, in seconds; null: no limit.',
  },
  node_terminate_grace_sec: {
    shape: { type: 'seconds' },
    default: 10,
    description: 'Seconds between asking an attempt to stop and killing it.',
  },
  user_inputs: {
    shape: { type: 'map', values: programPath, keys: inputKey },
    description:
      'Input key to file. .json, .yaml and .yml are parsed; any other file is one string, as it stands.',
    examples: [{ brief: 'inputs/brief.md' }],
  },
  agents: {
    shape: { type: 'map', values: { type: 'object', fields: agentFields } },
    description:
      'Agents by name. A name that is not here runs the Codex CLI; "shell" runs the task’s own run line.',
    examples: [{ tests: { backend: 'command', run: 'npm test' } }],
  },
  assistants: {
    shape: { type: 'enum', values: ['worker', 'inline'] },
    default: 'worker',
    description:
      'Who answers assistant interrupts: `codex-orch inbox worker`, or the engine itself while it drives a run.',
  },
};

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

export const taskFields: Fields = {
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

export const roleFields: Fields = {
  id: { shape: idString, required: true, description: 'The name of the role’s directory.' },
  title: { shape: word, required: true, description: 'One line for people and agents.' },
  description: { shape: text, description: 'What the role is for.' },
  backend: {
    shape: { type: 'enum', values: roleBackendNames },
    default: defaultBackend.roleName,
    description: 'What the role runs on.',
  },
  model: { shape: word, nullable: true, description: 'Model; without it, the project’s.' },
  sandbox: {
    shape: { type: 'enum', values: sandboxes },
    default: 'workspace-write',
    description: 'What the assistant may touch, in its own private workspace.',
  },
  instructions: {
    shape: programPath,
    default: 'instructions.md',
    description: 'File looked up in the role’s directory, then in the program.',
  },
  managed_assets: {
    shape: { type: 'list', items: programPath },
    description:
      'Files that the role reads and may propose to change; looked up like instructions.',
  },
  policy: {
    shape: {
      type: 'object',
      fields: {
        request_kinds: {
          shape: { type: 'list', items: { type: 'enum', values: requestKinds } },
          description: 'Requests it is good for.',
        },
        decision_kinds: {
          shape: { type: 'list', items: { type: 'enum', values: decisionKinds } },
          description: 'Decisions it is good for.',
        },
        task_labels_any: { shape: words, description: 'Labels of tasks it is good for.' },
        ask_when: { shape: words, description: 'Situations it is good for.' },
      },
    },
    description: 'What the role is recommended for.',
  },
};

export const presetFields: Fields = {
  id: { shape: idString, required: true, description: 'The file’s name without .yaml.' },
  title: { shape: word, required: true, description: 'One line for people.' },
  description: { shape: text, description: 'What the preset adds to a program.' },
  variables: {
    shape: {
      type: 'map',
      keys: variableName,
      values: {
        type: 'object',
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
    shape: { type: 'list', items: { type: 'task' }, min: 1 },
    required: true,
    description: 'Tasks, as in tasks/<id>.yaml.',
  },
};
