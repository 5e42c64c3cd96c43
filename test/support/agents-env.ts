/** What the real agents need of their surroundings: homes of their own, and servers in place of the models' APIs. */
import path from 'node:path';
import { claudeEnvironment } from './claude.ts';
import { codexHome } from './codex.ts';
import { startModelServer } from './model-server.ts';

export interface ServedAgents {
  env: Record<string, string>;
  stop(): Promise<void>;
}

/** `root`: where the homes are made. */
export async function serveAgents(root: string): Promise<ServedAgents> {
  const responses = await startModelServer();
  const messages = await startModelServer(undefined, 'anthropic');
  return {
    env: {
      ...codexHome(path.join(root, 'codex-home'), responses.port),
      ...claudeEnvironment(path.join(root, 'claude-home'), messages.port),
      PATH: process.env['PATH'] ?? '',
    },
    async stop() {
      await Promise.all([responses.stop(), messages.stop()]);
    },
  };
}
