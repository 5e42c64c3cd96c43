/** How this program can be started again: for engines in the background, and for workers. */
import { realpathSync } from 'node:fs';

/** The argv prefix: Node, and the built entry that runs now. CODEX_ORCH_ENTRY names another entry. */
export function selfCommand(): { node: string; entry: string } {
  const entry = process.env['CODEX_ORCH_ENTRY'] ?? process.argv[1] ?? '';
  return { node: process.execPath, entry: realpathSync(entry) };
}
