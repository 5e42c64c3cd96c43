/** Sets a run going, here or in the background, and shows it: for what starts, resumes or retries. */
import { stringifyJson } from '../../model/json.ts';
import type { Drive, DriveOptions } from '../../app/run/drive.ts';
import { showRun, type RunDocument } from '../../app/run/inspect-run.ts';
import { ExitStatus } from '../../model/refusal.ts';
import type { Instance } from '../../model/run.ts';
import type { CliContext } from '../context.ts';
import { programWord } from '../program-argument.ts';
import { grantFor } from '../render/closing-lines.ts';
import { localTime } from '../render/amounts.ts';
import { makePaint } from '../render/paint.ts';
import { plainLine } from '../../text/plain-text.ts';
import { exitStatusOf } from './ends.ts';
import { takeInterrupts, type Interruption } from './interruption.ts';
import { openProgress, type RunProgress } from './progress.ts';

type Hooks = Pick<
  DriveOptions,
  'onEvent' | 'onActivity' | 'onLeftAlone' | 'onRefused' | 'onStaleCache' | 'onAssistant'
>;

interface Ways {
  here(hooks: Hooks): Drive;
  inBackground(): void;
}

/** Says so, and sets the exit status. */
export async function setGoing(
  programDir: string,
  runId: string,
  { wait, json, onInterrupt }: { wait: boolean; json: boolean; onInterrupt: Interruption | null },
  context: CliContext,
  ways: Ways,
): Promise<void> {
  const sayId = (): void => {
    if (!json) context.stdout.line(runId);
  };
  const sayDocument = (document: RunDocument): void => {
    if (json) context.stdout.line(stringifyJson(document, 2));
  };
  if (wait) {
    // A script reads the id early, however long the run takes.
    await driveHere(programDir, runId, onInterrupt, context, ways.here, sayId);
    if (json) sayDocument(showRun(programDir, runId));
    return;
  }
  ways.inBackground();
  const document = showRun(programDir, runId);
  sayDocument(document);
  sayId();
  context.stderr.line(
    document.status === 'done'
      ? 'the run is done: nothing is left to go on with'
      : `goes on in the background; follow it with: codex-orch run watch ${programWord(programDir, context)}${runId}`,
  );
}

/** `run resume`, here. `begun`: the run is ours. */
export async function resumeHere(
  programDir: string,
  runId: string,
  begun: () => void,
  onInterrupt: Interruption | null,
  context: CliContext,
): Promise<void> {
  const { resumeRun } = await import('../../app/run/resume.ts');
  const here: Ways['here'] = (hooks) =>
    resumeRun(context, programDir, runId, { command: 'run resume', ...hooks });
  await driveHere(programDir, runId, onInterrupt, context, here, begun);
}

async function driveHere(
  programDir: string,
  runId: string,
  onInterrupt: Interruption | null,
  context: CliContext,
  here: Ways['here'],
  begun: () => void,
): Promise<void> {
  const endDeafness = context.outliveOutput();
  const paint = makePaint(context.stderr.color);
  const program = programWord(programDir, context);
  let progress: RunProgress | null = null;
  const leftAlone: Instance[] = [];
  const say = (line: string): void => {
    if (progress) progress.say(line);
    else context.stderr.line(line);
  };
  // Before the first event: whoever holds the run is named on a clean terminal.
  const drive = here({
    onEvent: (event, state) => progress?.onEvent(event, state),
    onActivity: (instanceId, activities) => {
      for (const activity of activities) progress?.onActivity(instanceId, activity);
    },
    onLeftAlone: (instances) => leftAlone.push(...instances),
    onRefused: (file, reason) => say(paint.asks(`not taken: ${plainLine(`${file}: ${reason}`)}`)),
    onStaleCache: ({ message }) => {
      const but = 'The event log is whole; the next engine brings state/ up to date.';
      say(paint.asks(`warning: state/ lags behind the run: ${plainLine(message)} ${but}`));
    },
    onAssistant: (id, result) => {
      if (result.kind !== 'failed') return;
      const until = result.wait?.until() ?? null;
      const again = until === null ? '' : `; tried again at ${localTime(until)}`;
      say(paint.asks(`not answered: ${plainLine(`${id}: ${result.reason}${again}`)}`));
    },
  });
  begun();
  progress = openProgress(context.stderr, context);
  progress.onState(drive.state);
  const endSignals = takeInterrupts(drive, progress, onInterrupt, context);
  try {
    const result = await drive.ended;
    progress.close(true);
    for (const line of leftAloneLines(leftAlone, program, runId)) context.stderr.line(line);
    const { standingLines } = await import('./standing-lines.ts');
    const standing = { interrupted: result.stopped, left: result.left };
    const lines = await standingLines(programDir, result.state, standing, context, context.stderr);
    for (const line of lines) context.stderr.line(line);
    context.exit(
      result.stopped || result.left ? ExitStatus.interrupted : exitStatusOf(result.status),
    );
  } finally {
    progress.close(true);
    endSignals();
    endDeafness();
  }
}

function leftAloneLines(instances: Instance[], program: string, runId: string): string[] {
  const orphans = instances.filter(
    ({ termination_reason: reason, failure_kind: kind }) =>
      reason === 'orphaned' && kind === 'unknown',
  );
  const all =
    orphans.length < 2
      ? []
      : [
          `of ${orphans.length} nobody knows how they ended; to try all of them again: codex-orch run resume ${program}${runId} --orphaned`,
        ];
  const lines = instances.map((instance) => {
    const why = plainLine(instance.error ?? 'no reason recorded');
    const command = `codex-orch run retry-instance ${program}${runId} ${instance.instance_id}${grantFor(instance)}`;
    return `left alone: ${instance.instance_id} ${instance.status} (${why}); force it with: ${command}`;
  });
  return [...lines, ...all];
}
