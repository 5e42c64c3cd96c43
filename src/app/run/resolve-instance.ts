/** Which instance a person means. Apart, because commands that only look need nothing else of recovery. */
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import type { Instance } from '../../model/run.ts';
import type { RunState } from '../../core/state/run-state.ts';
import { suggest } from '../../text/suggest.ts';

/**
 * The instance that a person means: an id, a unique prefix, or a task with a single instance. Where a
 * task has several (a loop's), the only one that is `meant` will do.
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
  const found = byTask.length > 0 ? byTask : byPrefix;
  const narrowed = found.filter(meant);
  const matches = narrowed.length > 0 ? narrowed : found;
  const [only] = matches;
  if (only && matches.length === 1) return only.instance_id;
  const details = {
    hint: `codex-orch run explain ${state.runId}`,
    exit: ExitStatus.notFound,
  };
  if (matches.length > 1) {
    const names = matches.slice(0, 5).map((instance) => instance.instance_id);
    throw new Refusal(
      'instance-ambiguous',
      `"${text}" fits ${matches.length} instances: ${names.join(', ')}${matches.length > 5 ? ', …' : ''}.`,
      details,
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
