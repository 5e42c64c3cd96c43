/** Which instance a person means. Apart, because commands that only look need nothing else of recovery. */
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import type { Instance } from '../../model/run.ts';
import { calledOf, keysAround } from '../../core/state/item-names.ts';
import { itemsAround } from '../../core/state/regions.ts';
import type { RunState } from '../../core/state/run-state.ts';
import { suggest } from '../../text/suggest.ts';

/**
 * The instance that a person means: an id, a unique prefix, a task with a single instance, or `<task>:<item>`, by key
 * or by place. Where a task has several (a loop's), the only one that is `meant` will do.
 */
export function resolveInstanceId(
  state: RunState,
  text: string,
  meant: (instance: Instance) => boolean = () => true,
): string {
  if (state.instances.has(text)) return text;
  const all = [...state.instances.values()];
  const byTask = all.filter((instance) => instance.task_id === text);
  const byPrefix = all.filter((instance) => text !== '' && instance.instance_id.startsWith(text));
  const known = byTask.length > 0 ? byTask : byPrefix;
  const found = known.length > 0 ? known : ofItem(state, all, text);
  const narrowed = found.filter(meant);
  const matches = narrowed.length > 0 ? narrowed : found;
  const [only] = matches;
  if (only && matches.length === 1) return only.instance_id;
  const details = {
    hint: `codex-orch run explain ${state.runId}`,
    exit: ExitStatus.notFound,
  };
  if (matches.length > 1) {
    const names = matches.slice(0, 5).map((instance) => calledOf(state, instance));
    const key = keysAround(state, only?.input_scope_id ?? '').at(-1);
    throw new Refusal(
      'instance-ambiguous',
      `"${text}" fits ${matches.length} instances: ${names.join(', ')}${matches.length > 5 ? ', …' : ''}.`,
      key === undefined
        ? details
        : { ...details, hint: `name an item by its key or its place: ${only?.task_id}:${key}` },
    );
  }
  const near = suggest(
    text,
    all.flatMap((each) => [each.instance_id, each.task_id]),
  );
  const also = near === null ? '' : ` Did you mean ${near}?`;
  throw new Refusal(
    'instance-not-found',
    `Run ${state.runId} has no instance "${text}".${also}`,
    details,
  );
}

/** `fix:src/a.ts`, or `fix:3`: those of a task in the items of that key, or else at that place. */
function ofItem(state: RunState, all: readonly Instance[], text: string): Instance[] {
  const split = text.indexOf(':');
  if (split < 1) return [];
  const [task, item] = [text.slice(0, split), text.slice(split + 1)];
  const ofTask = all.filter((instance) => instance.task_id === task);
  const byKey = ofTask.filter(({ input_scope_id: scope }) =>
    keysAround(state, scope).includes(item),
  );
  if (byKey.length > 0) return byKey;
  return ofTask.filter(({ input_scope_id: scope }) => {
    const [inner] = itemsAround(state, scope);
    return inner !== undefined && String(inner.index) === item;
  });
}
