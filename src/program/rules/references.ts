/** What a task may refer to: in its prompt, in conditions, in what a loop hands on. Pure. */
import { conditionsOf, scopeName, testsOf, type TaskSpec } from '../../model/program.ts';
import { parseReference } from '../../model/references.ts';
import { didYouMean } from '../../text/suggest.ts';
import type { Add, RuleFinding } from './finding.ts';

export interface PlacedReference {
  ref: string;
  path: RuleFinding['path'];
  /** `value`, `list`: judged, handed on or taken apart by the engine, so that it must be a result or an input. */
  use: 'prompt' | 'value' | 'list';
}

/** All references of a task, with the places where they are written. */
export function referencesOf(task: TaskSpec): PlacedReference[] {
  const prompt = task.compose.flatMap((part, index): PlacedReference[] =>
    part.kind === 'ref' ? [{ ref: part.ref, path: ['compose', index, 'ref'], use: 'prompt' }] : [],
  );
  const conditions = conditionsOf(task).flatMap(({ path, condition }) => {
    const list = Array.isArray(condition) ? [] : 'any' in condition ? ['any'] : null;
    return testsOf(condition).map(({ ref }, index): PlacedReference => {
      const at = list === null ? path : [...path, ...list, index];
      return { ref, path: [...at, 'ref'], use: 'value' };
    });
  });
  const handedOn = (task.control?.decide ?? []).flatMap((rule, index) =>
    'action' in rule
      ? Object.entries(rule.next_inputs ?? {}).flatMap(([key, source]): PlacedReference[] =>
          'ref' in source
            ? [
                {
                  ref: source.ref,
                  path: ['control', 'decide', index, 'next_inputs', key, 'ref'],
                  use: 'value',
                },
              ]
            : [],
        )
      : [],
  );
  const { for_each } = task;
  const list: PlacedReference[] =
    typeof for_each?.items === 'string'
      ? [{ ref: for_each.items, path: ['for_each', 'items'], use: 'list' }]
      : [];
  return [...prompt, ...conditions, ...handedOn, ...list];
}

/** `hasTree`: whether the instances of a task have trees of their own. */
export function checkReferences(
  task: TaskSpec,
  hasTree: (taskId: string) => boolean,
  add: Add,
): void {
  const byScope = new Map(task.depends_on.map((dependency) => [scopeName(dependency), dependency]));
  for (const { ref, path: at, use } of referencesOf(task)) {
    if (ref === '') continue;
    const parsed = parseReference(ref, byScope.keys());
    if (!parsed.ok) {
      if (parsed.scope !== null) {
        add(
          'error',
          'task.unknown_reference',
          at,
          `"${ref}" names the dependency "${parsed.scope}", which this task does not have`,
          didYouMean(parsed.scope, byScope.keys()) ?? 'Add it to "depends_on".',
        );
      } else {
        const inBraces = /^\$\{\{?\s*((?:deps|inputs)\.[^\s}]+)\s*\}?\}$/.exec(ref)?.[1];
        const ofPrompts = use === 'prompt' ? ['runtime.replies', 'runtime.latest_reply'] : [];
        add(
          'error',
          'task.unknown_reference',
          at,
          `"${ref}" is no reference`,
          (inBraces === undefined ? null : `Write it without braces: ${inBraces}`) ??
            didYouMean(ref, ofPrompts) ??
            (use === 'prompt'
              ? 'Use deps.<scope>.result, deps.<scope>.artifacts.<path>, deps.<scope>.changes, inputs.<key>, runtime.replies or runtime.latest_reply; a path may follow a result or an input: deps.<scope>.result.items.0.name.'
              : 'Use deps.<scope>.result or inputs.<key>, with a path or not: deps.<scope>.result.verdict.'),
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
        `"${ref}" could mean the dependency "${scope}" as well as "${otherwise}"`,
        'Give one of them a name of its own with "as".',
      );
    }
    if (use !== 'prompt' && reference.kind !== 'input' && reference.kind !== 'dep_result') {
      add(
        'error',
        'task.reference_is_no_value',
        at,
        `"${ref}" is no value that can be looked at before the task runs`,
        'Use deps.<scope>.result or inputs.<key>, with a path or not.',
      );
      continue;
    }
    if (reference.kind === 'dep_changes') {
      const upstream = byScope.get(reference.scope)?.task ?? '';
      if (hasTree(upstream)) continue;
      const message = `"${ref}" needs a task that works in a tree of its own, and "${upstream}" does not`;
      add(
        'error',
        'task.reference_without_tree',
        at,
        message,
        `Set "isolation: tree" in ${upstream}, or in project.yaml.`,
      );
    }
    if (reference.kind !== 'dep_artifact') continue;
    const dependency = byScope.get(reference.scope);
    if (!dependency || dependency.consume.includes(reference.path)) continue;
    add(
      'error',
      'task.reference_not_consumed',
      at,
      `"${ref}" needs a context dependency "${reference.scope}" that consumes "${reference.path}"`,
      didYouMean(reference.path, dependency.consume) ??
        `Add "${reference.path}" to its "consume" (kind: context).`,
    );
  }
}
