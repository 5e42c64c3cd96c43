/** What a prompt may refer to. Pure. */
import { scopeName, type TaskSpec } from '../../model/program.ts';
import { parseReference } from '../../model/references.ts';
import { didYouMean } from '../../text/suggest.ts';
import type { Add } from './finding.ts';

export function checkReferences(task: TaskSpec, add: Add): void {
  const byScope = new Map(task.depends_on.map((dependency) => [scopeName(dependency), dependency]));
  for (const [index, part] of task.compose.entries()) {
    if (part.kind !== 'ref') continue;
    const at = ['compose', index, 'ref'];
    const parsed = parseReference(part.ref, byScope.keys());
    if (!parsed.ok) {
      if (parsed.scope !== null) {
        add(
          'error',
          'task.unknown_reference',
          at,
          `"${part.ref}" names the dependency "${parsed.scope}", which this task does not have`,
          didYouMean(parsed.scope, byScope.keys()) ?? 'Add it to "depends_on".',
        );
      } else {
        add(
          'error',
          'task.unknown_reference',
          at,
          `"${part.ref}" is no reference`,
          didYouMean(part.ref, ['runtime.replies', 'runtime.latest_reply']) ??
            'Use deps.<scope>.result, deps.<scope>.artifacts.<path>, inputs.<key>, runtime.replies or runtime.latest_reply; a path may follow a result or an input: deps.<scope>.result.items.0.name.',
        );
      }
      continue;
    }
    const { reference, otherwise } = parsed;
    if (otherwise !== null) {
      const { scope } = reference as { scope: string };
      add(
        'error',
        'task.ambiguous_reference',
        at,
        `"${part.ref}" could mean the dependency "${scope}" as well as "${otherwise}"`,
        'Give one of them a name of its own with "as".',
      );
    }
    if (reference.kind !== 'dep_artifact') continue;
    const dependency = byScope.get(reference.scope);
    if (!dependency || dependency.consume.includes(reference.path)) continue;
    add(
      'error',
      'task.reference_not_consumed',
      at,
      `"${part.ref}" needs a context dependency "${reference.scope}" that consumes "${reference.path}"`,
      didYouMean(reference.path, dependency.consume) ??
        `Add "${reference.path}" to its "consume" (kind: context).`,
    );
  }
}
