/** Presets as `project validate` sees them: the tasks they would make, as far as that is known. */
import type { Diagnostic } from '../../model/diagnostic.ts';
import { suggest } from '../../text/suggest.ts';
import { toDiagnostic, type FileFinding } from '../source/authored-file.ts';
import { fileKinds } from '../shape/file-kinds.ts';
import type { LoadedPreset, LoadedProgram } from '../load-program.ts';
import { substitute } from './presets.ts';
import { checkShape } from '../shape/shape.ts';

export function checkPresets(program: LoadedProgram): Diagnostic[] {
  return [...program.presets.values()].flatMap((loaded) => checkPreset(loaded));
}

function checkPreset({ source, preset, origin }: LoadedPreset): Diagnostic[] {
  const found: Diagnostic[] = [];
  const add = (finding: FileFinding): void => {
    const diagnostic = toDiagnostic(origin, finding);
    // A preset that all programs share must not block the runs of one.
    if (source === 'global') diagnostic.severity = 'warning';
    found.push(diagnostic);
  };
  const ids = new Map<string, number>();
  for (const [index, task] of preset.tasks.entries()) {
    const at = ['tasks', index];
    checkShape(
      { type: 'object', fields: fileKinds.task.fields, words: fileKinds.task.words },
      task,
      ({ meant: _meant, ...issue }) =>
        add({ ...issue, code: `preset.task_${issue.code}`, path: [...at, ...issue.path] }),
      { templated: true },
    );
    const unknown = new Set<string>();
    substitute(task, new Map(Object.keys(preset.variables).map((name) => [name, ''])), (name) =>
      unknown.add(name),
    );
    for (const name of unknown) {
      const near = suggest(name, Object.keys(preset.variables));
      add({
        severity: 'error',
        code: 'preset.unknown_variable',
        path: at,
        message: `task ${index + 1} uses the variable "${name}", which the preset does not declare`,
        hint:
          near === null
            ? `Declare it under "variables", or write "$$${name}" for a dollar sign.`
            : `Did you mean "${near}"?`,
      });
    }
    const id = task['id'];
    if (typeof id !== 'string') continue;
    if (ids.has(id)) {
      add({
        severity: 'error',
        code: 'preset.duplicate_task',
        path: [...at, 'id'],
        message: `the preset has two tasks with the id "${id}"`,
      });
    }
    ids.set(id, index);
  }
  return found;
}
