/** `skill`: what coding agents need to know to operate this program for a person. */
import type { Noun } from '../command.ts';

export const noun: Noun = {
  description: 'A skill tells a coding agent, such as Codex or Claude Code, how to act for you.',
  examples: ['install operate-codex-orch --repo-dir .', 'list'],
  verbs: {
    list: { summary: 'list skills', load: () => import('./list.ts') },
    export: { summary: 'copy a skill to DIR/ID', load: () => import('./export.ts') },
    install: {
      summary: 'put a skill where Codex and Claude Code look',
      load: () => import('./install.ts'),
    },
  },
};
