/**
 * The first words of the command line: what each is for, and where it lives. Help lists them from here; only
 * what is asked for is loaded, because start-up time is a feature.
 */
import type { Command, Noun } from './command.ts';

export interface TableEntry {
  readonly summary: string;
  load(): Promise<{ noun: Noun } | { command: Command }>;
}

export const commandTable: Readonly<Record<string, TableEntry>> = {
  project: {
    summary: 'create programs, and check them',
    load: () => import('./project/index.ts'),
  },
  task: {
    summary: 'list, show and edit tasks',
    load: () => import('./task/index.ts'),
  },
  edge: {
    summary: 'list and edit dependencies',
    load: () => import('./edge/index.ts'),
  },
  preset: {
    summary: 'list, preview and apply presets',
    load: () => import('./preset/index.ts'),
  },
  graph: {
    summary: 'show tasks and their edges as a graph',
    load: () => import('./graph/index.ts'),
  },
  schema: {
    summary: 'print the JSON Schema of a program file, for editors',
    load: () => import('./schema.ts'),
  },
  run: {
    summary: 'start runs, watch them, and recover them',
    load: () => import('./run/index.ts'),
  },
  inbox: {
    summary: 'list and answer the questions of runs',
    load: () => import('./inbox/index.ts'),
  },
  interrupt: {
    summary: "ask questions as a worker, and see a run's questions",
    load: () => import('./interrupt/index.ts'),
  },
  proposal: {
    summary: 'review the changes that assistants suggest',
    load: () => import('./proposal/index.ts'),
  },
  'assistant-doc': {
    summary: 'write the operating model of assistants',
    load: () => import('./assistant-doc/index.ts'),
  },
  skill: {
    summary: 'install the skill that lets a coding agent operate codex-orch',
    load: () => import('./skill/index.ts'),
  },
  inspect: {
    summary: 'show a task or a run (as `task show`, `run show`)',
    load: () => import('./inspect/index.ts'),
  },
  blame: {
    summary: 'name the task and the instance behind each line of a file',
    load: () => import('./blame.ts'),
  },
  web: {
    summary: 'serve the web page of a program on this machine',
    load: () => import('./web.ts'),
  },
  worker: {
    summary: 'carry out attempts of runs of other machines',
    load: () => import('./worker.ts'),
  },
  limits: {
    summary: 'see and forget the usage limits of accounts',
    load: () => import('./limits/index.ts'),
  },
  notify: {
    summary: 'try out whom notifications go to',
    load: () => import('./notify/index.ts'),
  },
  doctor: {
    summary: 'find what on this machine would stop a run',
    load: () => import('./doctor.ts'),
  },
  completion: {
    summary: 'print a completion script for bash, zsh or fish',
    load: () => import('./completion.ts'),
  },
};
