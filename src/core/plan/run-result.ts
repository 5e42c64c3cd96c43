/**
 * The result of a run: the work of all its instances, merged once nothing is left to do. Where it does not fit together,
 * a person says what is to become of it, and the run waits for that. Section 16 of the contract.
 */
import type { JsonObject } from '../../model/json.ts';
import type { RunResult } from '../../model/trees.ts';
import { bullets, code, oneLine, paragraphs } from '../../text/markdown.ts';
import type { RunEvent } from '../events/events.ts';
import { askPerson } from '../state/questions.ts';
import { Recorder } from '../state/recorder.ts';
import { instanceOf, taskOf, type RunState } from '../state/run-state.ts';

/** Files that are named in the first sentence. */
const FEW = 4;

/** Whether the work of all is to be merged before the run can be done. */
export function isMergeDue(state: RunState): boolean {
  if (state.result !== null || (state.plan.workspace_bases ?? []).length === 0) return false;
  return [...state.instances.values()].some(({ workspace }) => workspace?.commit);
}

/** What came of the merge. `now`: ISO 8601, UTC. */
export function recordMerged(
  state: RunState,
  results: readonly RunResult[],
  now: string,
): RunEvent[] {
  const recorder = new Recorder(state, now);
  if (isMergeDue(state)) recorder.emit('result_merged', null, { results: [...results] });
  return recorder.events;
}

/** Asks about each repository in which the work does not fit together, once. */
export function askAboutConflicts(recorder: Recorder): void {
  for (const result of recorder.state.result ?? []) {
    if (result.conflicts.length === 0) continue;
    askPerson(recorder, {
      subject: 'result_conflict',
      key: [result.repository, ...result.sides.map(({ commit }) => commit)].join('/'),
      instanceId: null,
      question: questionOf(recorder.state, result),
      choices: ['agent', 'person', 'apart'].slice(result.resolver === null ? 1 : 0),
      metadata: { ...result } as unknown as JsonObject,
    });
  }
}

function questionOf(state: RunState, result: RunResult): string {
  const { conflicts, sides, resolver, worktree } = result;
  const files = conflicts.map(({ path, kinds }) => `${code(oneLine(path))} (${kinds.join(', ')})`);
  const theirs = sides.map(({ instance_id: id }) => {
    const { title } = taskOf(state, instanceOf(state, id));
    return `${code(id)}: ${oneLine(title)}`;
  });
  const agent =
    resolver === null
      ? null
      : `\`agent\`: the agent of the task ${code(resolver)} merges it, as one more instance of this run`;
  const refs = sides.map(({ ref }) => ref).join(' ');
  const all = [
    agent,
    `\`person\`: you merge it, on a branch of yours: ${code(`git merge ${refs}`)}, or one after the other; then ${code(`codex-orch run integrate ${state.runId}`)} sees that nothing is missing`,
    '`apart`: it stays apart, each under its ref in your repository, and the run has no single result',
  ];
  const some = files.slice(0, FEW).join(', ');
  const more = files.length > FEW ? ` and ${files.length - FEW} more` : '';
  return paragraphs(
    `All is done, but what was done in ${worktree} does not fit together: ${some}${more}. What is to become of it?`,
    files.length > FEW ? bullets(files) : null,
    'Whose work meets:',
    bullets(theirs),
    'What you can answer:',
    bullets(all.filter((each) => each !== null)),
  );
}
