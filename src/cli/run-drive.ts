/** `run start`, `run resume`, `run retry-instance`, `run drive`: what sets a run going, and shows it. */
import { driveRun, type Drive, type DriveOptions, type DriveResult } from '../app/run/drive.ts';
import { showRun } from '../app/run/inspect-run.ts';
import { driveInBackground } from '../app/run/background.ts';
import { planRun, type PlannedTask } from '../app/run/dry-run.ts';
import { resumeRun } from '../app/run/resume.ts';
import { requeueInstance, retryAndDrive } from '../app/run/retry.ts';
import { startRun, type StartOptions } from '../app/run/start.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { ExitStatus, Refusal } from '../model/refusal.ts';
import type { Instance } from '../model/run.ts';
import type { InputOption } from '../program/resolve-inputs.ts';
import { resolveRunId } from '../store/layout.ts';
import type { CliContext } from './context.ts';
import { programWord, releasePaths, splitProgram } from './program-argument.ts';
import { openProgress, type RunProgress } from './progress.ts';
import { closingLines, grantFor } from './render/closing-lines.ts';
import { makePaint } from './render/paint.ts';
import { plainLine } from './render/plain-text.ts';
import { printTable, type Column } from './render/table.ts';
import { runWords } from './run-arguments.ts';
import { exitStatusOf, shorterPath, shownDirectory } from './run-ends.ts';

export type InputWord = InputOption;

export interface DriveChoice {
  wait?: boolean;
  json?: boolean;
}

export interface StartChoices extends DriveChoice {
  root?: string[];
  label?: string[];
  dryRun?: boolean;
  assistants?: boolean;
}

export async function start(
  words: string[],
  choices: StartChoices,
  inputs: InputOption[],
  context: CliContext,
): Promise<void> {
  const usage = 'run start [PROGRAM] --root TASK… | --label LABEL…';
  const roots = releasePaths(choices.root ?? []);
  const labels = releasePaths(choices.label ?? []);
  const { programDir } = splitProgram(
    [...words, ...roots.paths, ...labels.paths],
    { min: 0, max: 0, usage },
    context,
  );
  if (roots.values.length === 0 && labels.values.length === 0) {
    throw new Refusal('nothing-selected', 'say which tasks to run: --root TASK or --label LABEL', {
      hint: `see the tasks with: codex-orch task list ${programWord(programDir, context)}`.trimEnd(),
    });
  }
  const options: StartOptions = {
    cwd: context.cwd,
    roots: roots.values,
    labels: labels.values,
    inputs,
    ...(choices.assistants === true ? { assistants: true } : {}),
  };
  if (choices.dryRun === true) return dryRun(programDir, options, choices, context);
  const { runId, warnings } = await startRun(context, programDir, options);
  printWarnings(warnings, context);
  await go(programDir, runId, choices, context, {
    here: (drive) => driveRun(context, programDir, runId, { command: 'run start', ...drive }),
    inBackground: () => driveInBackground(context, programDir, runId),
  });
}

export async function resume(
  words: string[],
  choices: DriveChoice,
  context: CliContext,
): Promise<void> {
  const { programDir, run } = runWords(words, 'run resume', context);
  const runId = resolveRunId(programDir, run);
  await go(programDir, runId, choices, context, {
    here: (drive) => resumeRun(context, programDir, runId, { command: 'run resume', ...drive }),
    inBackground: () => driveInBackground(context, programDir, runId, { revive: true }),
  });
}

export async function retryInstance(
  words: string[],
  choices: DriveChoice & { grantIterations: number },
  context: CliContext,
): Promise<void> {
  const usage = 'run retry-instance [PROGRAM] RUN INSTANCE';
  const split = splitProgram(words, { min: 2, max: 2, usage }, context);
  const { programDir } = split;
  const [run, instance] = split.rest as [string, string];
  const runId = resolveRunId(programDir, run);
  const { grantIterations } = choices;
  await go(programDir, runId, choices, context, {
    here: (drive) =>
      retryAndDrive(context, programDir, runId, instance, {
        command: 'run retry-instance',
        grantIterations,
        ...drive,
      }),
    inBackground: () => {
      requeueInstance(context, programDir, runId, instance, grantIterations);
      driveInBackground(context, programDir, runId);
    },
  });
}

/** The engine of a run in the background: what it prints goes to the run's engine.log. */
export async function drive(
  words: string[],
  options: { revive?: boolean },
  context: CliContext,
): Promise<void> {
  const { programDir, run } = runWords(words, 'run drive', context);
  const runId = resolveRunId(programDir, run);
  const begin = options.revive === true ? resumeRun : driveRun;
  await go(programDir, runId, { wait: true }, context, {
    here: (hooks) => begin(context, programDir, runId, { command: 'run drive', ...hooks }),
    inBackground: () => undefined,
  });
}

type Hooks = Pick<
  DriveOptions,
  'onEvent' | 'onActivity' | 'onLeftAlone' | 'onRefused' | 'onStaleCache' | 'onAssistant'
>;

interface Ways {
  here(hooks: Hooks): Drive;
  inBackground(): void;
}

/** Sets the run going, here or in the background, and says so. */
async function go(
  programDir: string,
  runId: string,
  choices: DriveChoice,
  context: CliContext,
  ways: Ways,
): Promise<void> {
  const json = choices.json === true;
  const program = programWord(programDir, context);
  if (choices.wait === false) {
    ways.inBackground();
    const document = showRun(programDir, runId);
    if (json) context.stdout.line(JSON.stringify(document, null, 2));
    else context.stdout.line(runId);
    context.stderr.line(
      document.status === 'done'
        ? 'the run is done: nothing is left to go on with'
        : `goes on in the background; follow it with: codex-orch run watch ${program}${runId}`,
    );
    return;
  }
  // A script reads the id early, however long the run takes.
  const result = await driveHere(programDir, runId, context, ways, () => {
    if (!json) context.stdout.line(runId);
  });
  if (json) context.stdout.line(JSON.stringify(showRun(programDir, runId), null, 2));
  context.exit(result.stopped ? ExitStatus.interrupted : exitStatusOf(result.status));
}

async function driveHere(
  programDir: string,
  runId: string,
  context: CliContext,
  ways: Ways,
  begun: () => void,
): Promise<DriveResult> {
  const sinceMs = Date.now();
  const paint = makePaint(context.stderr.color);
  const program = programWord(programDir, context);
  let progress: RunProgress | null = null;
  const leftAlone: Instance[] = [];
  const say = (line: string): void => {
    if (progress) progress.say(line);
    else context.stderr.line(line);
  };
  // Before the first event: whoever holds the run is named on a clean terminal.
  const drive = ways.here({
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
      say(paint.asks(`not answered: ${plainLine(`${id}: ${result.reason}`)}`));
    },
  });
  begun();
  progress = openProgress(context.stderr, context.env, 'now');
  progress.onState(drive.state);
  const endSignals = stopOnSignals(drive, progress, context);
  try {
    const result = await drive.ended;
    progress.close(true);
    for (const line of leftAloneLines(leftAlone, program, runId)) context.stderr.line(line);
    const lines = closingLines({
      state: result.state,
      program,
      runDirectory: shownDirectory(programDir, runId, context),
      tookMs: Date.now() - sinceMs,
      interrupted: result.stopped,
      paint,
      columns: context.stderr.columns,
    });
    for (const line of lines) context.stderr.line(line);
    return result;
  } finally {
    progress.close(true);
    endSignals();
  }
}

/** The first signal stops the agents gracefully, a second one at once. */
function stopOnSignals(drive: Drive, progress: RunProgress, context: CliContext): () => void {
  let signals = 0;
  return context.onSignal((signal) => {
    signals += 1;
    if (signals === 1) {
      drive.stop('graceful');
      const again = signal === 'SIGINT' ? '; press Ctrl-C again to stop at once' : '';
      progress.note(`stopping agents${again}`);
    } else {
      drive.stop('now');
      progress.note('stopping agents at once');
    }
  });
}

function leftAloneLines(instances: Instance[], program: string, runId: string): string[] {
  return instances.map((instance) => {
    const why = plainLine(instance.error ?? 'no reason recorded');
    const command = `codex-orch run retry-instance ${program}${runId} ${instance.instance_id}${grantFor(instance)}`;
    return `left alone: ${instance.instance_id} ${instance.status} (${why}); force it with: ${command}`;
  });
}

function printWarnings(warnings: Diagnostic[], context: CliContext): void {
  const paint = makePaint(context.stderr.color);
  for (const { message, file, line, location } of warnings) {
    const place = file === null ? location : `${file}${line === null ? '' : `:${line}`}`;
    context.stderr.line(`${paint.asks('warning:')} ${plainLine(`${place}: ${message}`)}`);
  }
}

async function dryRun(
  programDir: string,
  options: StartOptions,
  choices: StartChoices,
  context: CliContext,
): Promise<void> {
  const plan = await planRun(context, programDir, options);
  printWarnings(plan.warnings, context);
  if (choices.json === true) {
    const tasks = plan.tasks.map((task) => ({
      id: task.taskId,
      title: task.title,
      kind: task.kind,
      agent: task.agent,
      backend: task.backend,
      model: task.model,
      sandbox: task.sandbox,
      directory: task.directory,
      depends_on: task.dependsOn,
      wave: task.wave,
    }));
    const document = { tasks, inputs: plan.inputs, warnings: plan.warnings };
    return context.stdout.line(JSON.stringify(document, null, 2));
  }
  const columns: Column<PlannedTask>[] = [
    { title: 'WAVE', cell: (task) => String(task.wave) },
    { title: 'TASK', cell: (task) => task.taskId },
    { title: 'AGENT', cell: (task) => task.agent },
    { title: 'SANDBOX', cell: (task) => task.sandbox ?? '-' },
    {
      title: 'DIRECTORY',
      cell: (task) =>
        task.directory === null ? '(from an input)' : shorterPath(task.directory, context),
      piped: (task) => task.directory ?? '',
      flexible: true,
    },
    { title: 'AFTER', cell: (task) => task.dependsOn.join(', '), flexible: true },
  ];
  printTable(context.stdout, plan.tasks, columns, 'nothing would run');
}
