/** A workspace that holds the program: which parts of that its workers must not write to. */
import path from 'node:path';
import { realPathOf } from '../disk/real-path.ts';
import { statsOf } from '../disk/stats-of.ts';
import type { AttemptOrder } from '../model/attempt.ts';

/** Of a program whose directory is the workspace itself: its runs, and what says how they go. */
const steering = [
  ...['.runs', '.codex-orch', 'project.yaml', 'tasks', 'assistant_roles'],
  ...['prompts', 'schemas', 'runtime_guidance'],
];

/**
 * The program's directory where it lies below a writable one; where it is one, those parts of it that exist: the rest
 * is what the worker works on. Empty where it is out of reach anyway. Real paths.
 */
export function keptOfProgram({
  programDir,
  cwd,
  writableRoots,
}: Pick<AttemptOrder, 'programDir' | 'cwd' | 'writableRoots'>): string[] {
  const program = realPathOf(programDir);
  const roots = [cwd, ...writableRoots].map(realPathOf);
  if (roots.some((root) => root !== program && `${program}${path.sep}`.startsWith(below(root)))) {
    return [program];
  }
  if (!roots.includes(program)) return [];
  return steering.map((name) => path.join(program, name)).filter((file) => statsOf(file) !== null);
}

function below(root: string): string {
  return root.endsWith(path.sep) ? root : `${root}${path.sep}`;
}
