/** The fields of project.yaml: section 2.1 of the contract. */
import { backendNames, defaultBackend } from '../../agents/backends.ts';
import { editions } from '../../model/policies.ts';
import { ambients, sandboxes, type AgentSpec, type ProjectSpec } from '../../model/program.ts';
import { projectBudget } from './budget.ts';
import {
  argument,
  commandLine,
  argumentWord,
  directory,
  inputKey,
  locks,
  notify,
  prices,
  programPath,
  serverName,
  text,
  variableName,
  word,
} from './forms.ts';
import { agentWords } from './other-words.ts';
import { checks } from './checks.ts';
import { depot, executor, runsOn, temporal } from './machines.ts';
import { policyFields } from './policies.ts';
import type { FieldsOf, Shape } from './shape.ts';
import { isolation, tree } from './trees.ts';

const variableNames: Shape = {
  type: 'list',
  items: { type: 'string', form: variableName },
};

const agentFields: FieldsOf<AgentSpec> = {
  backend: {
    shape: { type: 'enum', values: backendNames },
    default: defaultBackend.name,
    description:
      'What runs the attempts: the Codex CLI, Claude Code, an agent over ACP, or a command of yours.',
  },
  model: {
    shape: argumentWord,
    nullable: true,
    description: 'Model, unless the task names one. Not for the command backend.',
  },
  sandbox: {
    shape: { type: 'enum', values: sandboxes },
    nullable: true,
    description: 'Sandbox, unless the task names one. Not for the command backend.',
  },
  args: {
    shape: { type: 'list', items: argument },
    description: 'Extra arguments, after those that codex-orch gives.',
  },
  env: {
    shape: {
      type: 'map',
      values: argument,
      fields: {
        set: {
          shape: { type: 'map', values: argument },
          description: 'Extra environment variables.',
        },
        pass: {
          shape: variableNames,
          nullable: true,
          description:
            'Names of the variables that pass from whoever starts the run; null: all. CODEX_ORCH_*, PATH, HOME, TMPDIR and XDG_CACHE_HOME always pass.',
        },
      },
    },
    description: 'Extra environment variables; or set: those, and pass: what of others it gets.',
    examples: [{ CI: '1' }, { set: { CI: '1' }, pass: ['LANG'] }],
  },
  command: {
    shape: commandLine,
    nullable: true,
    description: 'Program and arguments, for the command and acp backends. Not together with run.',
    examples: [['npm', 'test']],
  },
  run: {
    shape: argumentWord,
    nullable: true,
    description: 'Shell line, for the command backend; a task’s own run wins.',
    examples: ['npm test'],
  },
  locks: {
    shape: locks,
    staysOut: true,
    description:
      'Locks that its instances hold while they run, unless their task names some itself.',
    examples: [['database']],
  },
  mcp: {
    shape: {
      type: 'map',
      keys: serverName,
      values: {
        type: 'object',
        fields: {
          command: {
            shape: commandLine,
            required: true,
            description: 'Program and arguments. It runs outside of the sandbox.',
          },
          env: {
            shape: { type: 'map', keys: variableName, values: argument },
            description: 'Its environment. Other users of the machine do not see it.',
          },
        },
      },
    },
    staysOut: true,
    description: 'Servers of tools (Model Context Protocol) by name. Not for the command backend.',
    examples: [{ tickets: { command: ['tickets-mcp', '--read-only'] } }],
  },
  wrap: {
    shape: { type: 'list', items: argumentWord, min: 1, orText: ['sandbox'], isCommand: true },
    staysOut: true,
    description:
      'Words before the agent’s own (a container, nice); or sandbox: bubblewrap around it, for the command and acp backends.',
    examples: ['sandbox', ['nice', '-n', '10']],
  },
  ambient: {
    shape: { type: 'enum', values: ambients },
    staysOut: true,
    description:
      'What of yours reaches it: user, its home as you have it; or none, a home of its own with the login and nothing else of yours. Not for the command backend.',
    examples: ['none'],
  },
  secrets: {
    shape: variableNames,
    staysOut: true,
    description:
      'Environment variables whose values are replaced in all that agents of the program print.',
    examples: [['NPM_TOKEN']],
  },
  runs_on: {
    ...runsOn,
    description: 'Queue of the tasks that it runs, unless they name one; see runs_on of a task.',
  },
  worker_env: {
    shape: variableNames,
    staysOut: true,
    description:
      'Names of what env sets that other machines are to see; the rest stays on the machine of the run.',
    examples: [['CI']],
  },
  ...policyFields,
};

export const projectFields: FieldsOf<ProjectSpec> = {
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
  isolation,
  tree,
  description: { shape: text, description: 'What the program is for.' },
  edition: {
    shape: { type: 'integer', min: editions[0], max: editions[1] },
    staysOut: true,
    description:
      'Which defaults hold for what is left out: 2, as new programs have it, or 1, which is meant where it is missing.',
    examples: [2],
  },
  default_agent: { shape: word, default: 'default', description: 'Agent of tasks that name none.' },
  default_model: {
    shape: argumentWord,
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
    shape: {
      type: 'map',
      values: {
        type: 'object',
        fields: agentFields,
        words: agentWords,
        short: (line) => ({ backend: 'command', run: line }),
      },
    },
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
  prices: {
    shape: prices,
    staysOut: true,
    description:
      'Model, or a pattern with *, to what its tokens cost; left out: as config.toml says. For `run cost`.',
    examples: [{ 'gpt-*': { input: 2, cached_input: 0.5, output: 8 } }],
  },
  notify: {
    shape: notify,
    staysOut: true,
    description:
      'Whom to tell of questions, failures and the end of a run; left out: as config.toml says.',
    examples: [[{ on: ['question', 'failed', 'done'], to: 'desktop' }]],
  },
  checks: {
    shape: checks,
    staysOut: true,
    description:
      'Checks of all tasks that write: which are not read-only, no controllers, and whose agent takes a prompt. A task that has checks of its own, if only [], has these alone.',
    examples: [[{ run: 'npm test' }]],
  },
  budget: projectBudget,
  changes: {
    shape: { type: 'boolean' },
    staysOut: true,
    description:
      'Whether the git tree of a shared workspace is recorded before and after each attempt, for run changes. Left out: in edition 2, for agents that take a prompt and may write.',
  },
  executor,
  temporal,
  depot,
  ...policyFields,
};
