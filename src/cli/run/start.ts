/** `run start`. */
import path from 'node:path';
import type { RunDocument } from '../../app/run/inspect-run.ts';
import type { PlannedRun, PlannedTask } from '../../app/run/dry-run.ts';
import type { StartOptions } from '../../app/run/start.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { JsonObject } from '../../model/json.ts';
import type { Sandbox, TaskSpec } from '../../model/program.ts';
import { Refusal } from '../../model/refusal.ts';
import { uncommittedChoices } from '../../model/trees.ts';
import {
  choice,
  defineCommand,
  flag,
  type Option,
  parsed,
  prints,
  PROGRAM,
  repeated,
  text,
  texts,
} from '../command.ts';
import type { CliContext } from '../context.ts';
import { looksLikePath, programWord } from '../program-argument.ts';
import { makePaint } from '../render/paint.ts';
import { plainLine } from '../../text/plain-text.ts';
import { printTable, type Column } from '../render/table.ts';
import { shorterPath } from '../live/ends.ts';
import { driveNotes, driveOptions, exitStatuses, wholeNumber } from './run-options.ts';

interface PlannedRunDocument {
  /** In the order in which they would start. */
  tasks: PlannedTaskDocument[];
  inputs: JsonObject;
  warnings: Diagnostic[];
}

interface PlannedTaskDocument {
  id: string;
  title: string;
  kind: TaskSpec['kind'];
  agent: string;
  backend: string;
  model: string | null;
  /** Null where the backend has none. */
  sandbox: Sandbox | null;
  /** Null where it depends on an input that comes later. */
  directory: string | null;
  depends_on: string[];
  /** How it is more than one step: for each item, only when, decided by rules. */
  notes: string[];
  /** From 1. Tasks of one wave start together, slots permitting. */
  wave: number;
}

type InputOption = StartOptions['inputs'][number];

export const command = defineCommand({
  description:
    'Starts a run of the tasks named or labelled, and of all that they need. Prints the run id, ' +
    'then shows progress until the run is done, failed, or waits for replies.',
  words: [PROGRAM],
  usage: '--root TASK… | --label LABEL… [options]',
  usageInErrors: '--root TASK… | --label LABEL…',
  options: {
    roots: texts('--root <task...>', 'tasks to run, with everything they depend on', {
      kind: 'task',
      isValue: (word) => !looksLikePath(word),
    }),
    labels: texts('--label <label...>', 'as --root, for all tasks that have the label', {
      kind: 'label',
      isValue: (word) => !looksLikePath(word),
    }),
    like: text(
      '--like <run>',
      'the roots, labels and inputs of another run; what is said besides replaces its own',
    ),
    inputs: inputOptions(),
    assistants: flag(
      '--assistants',
      'have assistants answer the questions put to them, while the run goes on',
    ),
    uncommitted: choice(
      '--uncommitted <choice>',
      'where tasks have trees of their own: include or ignore what is not committed yet',
      uncommittedChoices,
    ),
    title: text('--title <T>', 'what you call the run, in lists and in its head'),
    yesItems: parsed(
      '--yes-items <n>',
      'do for_each of up to so many items unasked',
      wholeNumber('--yes-items'),
    ),
    maxWait: parsed(
      '--max-wait <sec>',
      'end, and leave the run waiting, where nothing begins for longer',
      wholeNumber('--max-wait'),
    ),
    dryRun: flag('--dry-run', 'show what would run, and create nothing'),
    ...driveOptions,
  },
  json: [
    prints<RunDocument>('The run as it stands at the end; with `--no-wait`, at the beginning.'),
    prints<PlannedRunDocument>('', '--dry-run'),
  ],
  examples: [
    '. --root release --input version=1.2',
    ". --label nightly --input-json 'targets=[1, 2]' --no-wait",
    '. --root release --dry-run',
    '. --like latest --input version=1.3',
  ],
  notes: driveNotes + exitStatuses,
  async run({ words: [programDir], options, printJson }, context) {
    const { roots, labels, assistants, wait, json, onInterrupt } = options;
    if (roots.length === 0 && labels.length === 0 && options.like === null) {
      throw new Refusal(
        'nothing-selected',
        'say which tasks to run: --root TASK or --label LABEL',
        {
          hint: `see the tasks with: codex-orch task list ${programWord(programDir, context)}`.trimEnd(),
        },
      );
    }
    const said: StartOptions = {
      cwd: context.cwd,
      roots,
      labels,
      // Relative to where the person stands, not to the program.
      inputs: options.inputs.map((one) =>
        one.kind === 'json_file' ? { ...one, value: path.resolve(context.cwd, one.value) } : one,
      ),
      ...(assistants ? { assistants } : {}),
      ...(options.yesItems === null ? {} : { yesItems: options.yesItems }),
      ...(options.title === null ? {} : { title: options.title }),
      ...(options.uncommitted === null ? {} : { uncommitted: options.uncommitted }),
    };
    const { startLike } = await import('../../app/run/start-like.ts');
    const wanted = options.like === null ? said : startLike(programDir, options.like, said);
    if (options.dryRun) {
      const { planRun } = await import('../../app/run/dry-run.ts');
      const plan = await planRun(context, programDir, wanted);
      printWarnings(plan.warnings, context);
      if (json) return printJson(documentOf(plan));
      return printTable(context.stdout, plan.tasks, columns(plan, context), 'nothing would run');
    }
    const { startRun } = await import('../../app/run/start.ts');
    const { runId, warnings } = await startRun(context, programDir, wanted);
    printWarnings(warnings, context);
    const { driveInBackground } = await import('../../app/run/background.ts');
    const { driveRun } = await import('../../app/run/drive.ts');
    const { setGoing } = await import('../live/drive-here.ts');
    await setGoing(programDir, runId, { wait, json, onInterrupt }, context, {
      here: (hooks) =>
        driveRun(context, programDir, runId, {
          command: 'run start',
          maxWaitSec: options.maxWait ?? undefined,
          ...hooks,
        }),
      inBackground: () => driveInBackground(context, programDir, runId),
    });
  },
});

/** `--input… key=value`, of three kinds; of those for one key the last on the line counts. */
function inputOptions(): Option<InputOption[]> {
  const text = way('--input', 'text', 'text', 'an input value; may be repeated');
  return repeated(text.flags, text.about, {
    parse: text.parse,
    others: [
      way('--input-json', 'json', 'JSON', 'an input value as JSON'),
      {
        ...way('--input-json-file', 'json_file', 'file', 'an input value from a JSON file'),
        kind: 'file',
      },
    ],
  });
}

/** `form`: what the value is, for the help. */
function way(name: string, kind: InputOption['kind'], form: string, about: string) {
  return {
    flags: `${name} <key=${form}>`,
    about,
    parse(word: string): InputOption {
      const split = word.indexOf('=');
      if (split > 0) return { kind, key: word.slice(0, split), value: word.slice(split + 1) };
      throw new Refusal('bad-input', `${name} takes key=value, not "${word}"`, {
        hint: `for example: ${name} topic=${kind === 'json' ? '\'{"a": 1}\'' : 'value'}`,
      });
    },
  };
}

function printWarnings(warnings: Diagnostic[], context: CliContext): void {
  const paint = makePaint(context.stderr.color);
  for (const { message, file, line, location } of warnings) {
    const place = file === null ? location : `${file}${line === null ? '' : `:${line}`}`;
    context.stderr.line(`${paint.asks('warning:')} ${plainLine(`${place}: ${message}`)}`);
  }
}

function documentOf({ tasks, inputs, warnings }: PlannedRun): PlannedRunDocument {
  return {
    tasks: tasks.map(({ taskId: id, dependsOn: depends_on, ...task }) => ({
      id,
      title: task.title,
      kind: task.kind,
      agent: task.agent,
      backend: task.backend,
      model: task.model,
      sandbox: task.sandbox,
      directory: task.directory,
      depends_on,
      notes: task.notes,
      wave: task.wave,
    })),
    inputs,
    warnings,
  };
}

function columns({ tasks }: PlannedRun, context: CliContext): Column<PlannedTask>[] {
  const notes: Column<PlannedTask> = {
    title: 'NOTES',
    cell: (task) => (task.notes.length === 0 ? '-' : task.notes.join('; ')),
    flexible: true,
  };
  return [
    { title: 'WAVE', cell: (task) => String(task.wave) },
    { title: 'TASK', cell: (task) => task.taskId },
    { title: 'AGENT', cell: (task) => task.agent },
    { title: 'SANDBOX', cell: (task) => task.sandbox ?? '-' },
    {
      title: 'DIRECTORY',
      cell: (task) =>
        task.directory === null ? '(from an input)' : shorterPath(task.directory, context.cwd),
      piped: (task) => task.directory ?? '',
      flexible: true,
    },
    { title: 'AFTER', cell: (task) => task.dependsOn.join(', '), flexible: true },
    ...(tasks.some((task) => task.notes.length > 0) ? [notes] : []),
  ];
}
