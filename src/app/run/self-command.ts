/** How this program can be started again: for engines in the background, and for workers. */
import { realpathSync } from 'node:fs';
import type { World } from '../world.ts';

/** The argv prefix: Node, and the built entry that runs now. CODEX_ORCH_ENTRY names another entry. */
export function selfCommand({ env, self }: World): { node: string; entry: string } {
  return { node: self.node, entry: realpathSync(env['CODEX_ORCH_ENTRY'] ?? self.entry) };
}
