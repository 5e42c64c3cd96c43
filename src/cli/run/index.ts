/** `run`: what executes part of a program. */
import type { Noun } from '../command.ts';

export const noun: Noun = {
  description:
    'A run executes part of a program. RUN is a run id, the beginning of one, or `latest`; ' +
    'PROGRAM may be left out where the current directory is a program.',
  examples: ['start . --root build', 'watch . latest', 'explain . latest'],
  verbs: {
    start: { summary: 'start a run and drive it', load: () => import('./start.ts') },
    resume: { summary: 'go on with a run', load: () => import('./resume.ts') },
    'retry-instance': {
      summary: 'try one failed instance again',
      load: () => import('./retry-instance.ts'),
    },
    grant: { summary: 'allow more than a limit does', load: () => import('./grant.ts') },
    reconcile: {
      summary: 'settle what became of running instances',
      load: () => import('./reconcile.ts'),
    },
    abort: { summary: 'stop a run for good', load: () => import('./abort.ts') },
    verify: { summary: "check a run's log, state and files", load: () => import('./verify.ts') },
    // The engine of a run in the background.
    drive: { summary: '', hidden: true, load: () => import('./drive.ts') },
    // Between an attempt and an agent that has secrets.
    redact: { summary: '', hidden: true, load: () => import('./redact.ts') },
    list: { summary: 'list runs, newest first', load: () => import('./list.ts') },
    show: { summary: 'show a run', load: () => import('./show.ts') },
    watch: { summary: 'follow a run as it goes', load: () => import('./watch.ts') },
    logs: { summary: "show agents' work", load: () => import('./logs.ts') },
    events: { summary: "list a run's events", load: () => import('./events.ts') },
    cost: { summary: 'say what a run has used, and what it cost', load: () => import('./cost.ts') },
    explain: {
      summary: 'say why each unfinished instance is where it is',
      load: () => import('./explain.ts'),
    },
    changes: {
      summary: 'show what a run or an instance has changed',
      load: () => import('./changes.ts'),
    },
    integrate: {
      summary: 'merge the result of a run into a branch',
      load: () => import('./integrate.ts'),
    },
    pr: { summary: 'push the result, and open a pull request', load: () => import('./pr.ts') },
    tree: { summary: 'print where the tree of an instance is', load: () => import('./tree.ts') },
    delete: { summary: 'delete a run', load: () => import('./delete.ts') },
    prune: { summary: 'delete runs that are over for long', load: () => import('./prune.ts') },
    clean: { summary: 'remove trees of runs that are over', load: () => import('./clean.ts') },
  },
};
