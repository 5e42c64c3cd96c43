/**
 * The groups of commands: what each is for, and where it lives. Help lists them from here; only the group
 * that is asked for is loaded, because start-up time is a feature.
 */
import type { Command } from 'commander';
import type { CliContext } from './context.ts';

interface CommandModule {
  /** Adds the group, with its commands, to `program`. */
  register(program: Command, context: CliContext): void;
}

export interface CommandGroup {
  summary: string;
  load(): Promise<CommandModule>;
  /** Left out of help, suggestions and completion. */
  hidden?: boolean;
}

export const commandTable: Record<string, CommandGroup> = {
  project: {
    summary: 'create programs, and check them',
    load: () => import('./commands/project.ts'),
  },
  task: {
    summary: 'list, show and edit tasks',
    load: () => import('./commands/task.ts'),
  },
  edge: {
    summary: 'list and edit dependencies',
    load: () => import('./commands/edge.ts'),
  },
  preset: {
    summary: 'list, preview and apply presets',
    load: () => import('./commands/preset.ts'),
  },
  graph: {
    summary: 'show tasks and their edges as a graph',
    load: () => import('./commands/graph.ts'),
  },
  schema: {
    summary: 'print the JSON Schema of a program file, for editors',
    load: () => import('./commands/schema.ts'),
  },
  run: {
    summary: 'start runs, watch them, and recover them',
    load: () => import('./commands/run.ts'),
  },
  inbox: {
    summary: 'list and answer the questions of runs',
    load: () => import('./commands/inbox.ts'),
  },
  interrupt: {
    summary: "ask questions as a worker, and see a run's questions",
    load: () => import('./commands/interrupt.ts'),
  },
  proposal: {
    summary: 'review the changes that assistants suggest',
    load: () => import('./commands/proposal.ts'),
  },
  'assistant-doc': {
    summary: 'write the operating model of assistants',
    load: () => import('./commands/assistant-doc.ts'),
  },
  skill: {
    summary: 'install the skill that lets a coding agent operate codex-orch',
    load: () => import('./commands/skill.ts'),
  },
  inspect: {
    summary: 'show a task or a run (as `task show`, `run show`)',
    load: () => import('./commands/inspect.ts'),
  },
  web: {
    summary: 'serve the web page of a program on this machine',
    load: () => import('./commands/web.ts'),
  },
  doctor: {
    summary: 'find what on this machine would stop a run',
    load: () => import('./commands/doctor.ts'),
  },
  completion: {
    summary: 'print a completion script for bash, zsh or fish',
    load: () => import('./commands/completion.ts'),
  },
};
