/** Which question a person means, of all in a program's runs. Only reads. */
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import { namesIn } from '../../disk/names-in.ts';
import { statsOf } from '../../disk/stats-of.ts';
import { readRunFile } from '../../store/cache/run-file.ts';
import { suggest } from '../../text/suggest.ts';
import {
  listRunIds,
  resolveRunId,
  runPaths,
  unsettledAttempts,
  type RunPaths,
} from '../../store/layout.ts';
import { viewRun } from '../../store/directory/view.ts';

const MAX_LOOKED_AT = 20;

export interface FoundInterrupt {
  paths: RunPaths;
  interruptId: string;
}

/**
 * The question that a person means: an id or a unique beginning of one, with or without `int-`, in any
 * run of the program or in `run`. Names of files decide, so that it costs little with many runs.
 *
 * @throws Refusal `interrupt-not-found`, `interrupt-ambiguous`, exit status 4
 */
export function findInterrupt(programDir: string, text: string, run?: string): FoundInterrupt {
  return find(programDir, text, run, () => true);
}

/**
 * The same for who wants to answer: of several, the only one that is still open will do.
 * @throws Refusal `interrupt-not-found`, `interrupt-ambiguous`, exit status 4
 */
export function findInterruptToAnswer(
  programDir: string,
  text: string,
  run?: string,
): FoundInterrupt {
  return find(programDir, text, run, ({ paths, interruptId }) => {
    const record = viewRun(paths).state.interrupts.get(interruptId);
    return record === undefined || record.interrupt.status === 'open';
  });
}

function find(
  programDir: string,
  text: string,
  run: string | undefined,
  meant: (found: FoundInterrupt) => boolean,
): FoundInterrupt {
  const runs = runsOf(programDir, run);
  const wanted = text.startsWith('int-') ? text : `int-${text}`;
  const found: FoundInterrupt[] = [];
  const seen: string[] = [];
  const look = (paths: RunPaths, interruptId: string): void => {
    seen.push(interruptId);
    if (text !== '' && interruptId.startsWith(wanted)) found.push({ paths, interruptId });
  };
  for (const paths of runs) for (const id of idsIn(paths)) look(paths, id);
  // The record of a question that an engine opened may not have been written before a crash.
  if (found.length === 0) {
    for (const paths of runs.filter(mayAsk)) {
      for (const id of viewRun(paths).state.interrupts.keys()) look(paths, id);
    }
  }
  const exact = found.find(({ interruptId }) => interruptId === wanted);
  const [first] = found;
  if (exact) return exact;
  if (first && found.length === 1) return first;
  // Each look reads a run: a prefix that says next to nothing is not worth more.
  const [only, ...others] = found.length > MAX_LOOKED_AT ? [] : found.filter(meant);
  if (only && others.length === 0) return only;
  const where = run === undefined ? programDir : `run ${run}`;
  const details = { hint: `codex-orch inbox list ${programDir}`, exit: ExitStatus.notFound };
  if (first) {
    const names = found.slice(0, 5).map(({ interruptId }) => interruptId);
    throw new Refusal(
      'interrupt-ambiguous',
      `"${text}" fits ${found.length} interrupts: ${names.join(', ')}${found.length > 5 ? ', …' : ''}`,
      details,
    );
  }
  const near = suggest(text, seen);
  throw new Refusal(
    'interrupt-not-found',
    `there is no interrupt "${text}" in ${where}${near === null ? '' : `; did you mean ${near}?`}`,
    details,
  );
}

/** All of a program's, newest first, or the one that `run` means. @throws Refusal `run-…` */
export function runsOf(programDir: string, run: string | undefined): RunPaths[] {
  const ids = run === undefined ? listRunIds(programDir) : [resolveRunId(programDir, run)];
  return ids.map((id) => runPaths(programDir, id));
}

/**
 * Whether a run may have questions: something lies in its inbox, or its log goes on after what was made of it, as where
 * an engine has died after it had asked. The times of files are coarse: where they are the same, the lengths tell.
 */
export function mayAsk(paths: RunPaths): boolean {
  if (idsIn(paths).length > 0 || namesIn(paths.inboxReplies).length > 0) return true;
  const [log, summary] = [statsOf(paths.eventsLog), statsOf(paths.runFile)];
  if (log === null || summary === null) return log !== null;
  if (log.mtimeMs !== summary.mtimeMs) return log.mtimeMs > summary.mtimeMs;
  return readRunFile(paths)?.log_bytes !== log.size;
}

/** Of questions in the inbox, and of those that workers have left since an engine looked. */
function idsIn(paths: RunPaths): string[] {
  const asked = unsettledAttempts(paths).map(({ owner, attempt }) =>
    paths.questionsDir(owner, attempt),
  );
  return [...new Set([paths.inboxInterrupts, ...asked].flatMap(namesIn))]
    .filter((name) => name.startsWith('int-') && name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length));
}
