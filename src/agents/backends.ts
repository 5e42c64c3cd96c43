/** The table of backends. */
import type { BackendName } from '../model/program.ts';
import type { Backend } from './backend.ts';
import { codexBackend } from './codex/backend.ts';
import { commandBackend } from './command/backend.ts';

export const backends: Record<BackendName, Backend> = {
  codex: codexBackend,
  command: commandBackend,
};
