/**
 * What may stand at the cursor: the hidden command behind the completion scripts. One candidate a line,
 * with a tab and a description where one helps; `:dirs` and `:files` ask the shell for names. Errors
 * complete to nothing: a shell must not be disturbed.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Command, Option } from 'commander';
import { listRunIds } from '../store/layout.ts';
import { commandTable } from './command-table.ts';
import type { CliContext } from './context.ts';
import { defaultProgram } from './program-argument.ts';
import { plainLine } from './render/plain-text.ts';
import { namesIn } from '../disk/names-in.ts';

type Kind =
  | 'program'
  | 'task'
  | 'run'
  | 'instance'
  | 'interrupt'
  | 'proposal'
  | 'preset'
  | 'edge-kind'
  | 'shell'
  | 'schema'
  | 'file'
  | 'dir'
  | 'nothing';

interface Candidate {
  word: string;
  about?: string;
}

/** What the words after a command are, the program apart; `program: false` where none comes first. */
const positionals: Record<string, { program?: false; words: Kind[] }> = {
  'project init': { program: false, words: ['dir', 'nothing', 'dir'] },
  'task show': { words: ['task'] },
  'task add': { words: ['file'] },
  'task update': { words: ['task', 'file'] },
  'task delete': { words: ['task'] },
  'edge add': { words: ['task', 'task', 'edge-kind'] },
  'edge remove': { words: ['task', 'task', 'edge-kind'] },
  'preset preview': { words: ['preset'] },
  'preset apply': { words: ['preset'] },
  'run show': { words: ['run'] },
  'run resume': { words: ['run'] },
  'run retry-instance': { words: ['run', 'instance'] },
  'run reconcile': { words: ['run'] },
  'run abort': { words: ['run'] },
  'run watch': { words: ['run'] },
  'run logs': { words: ['run', 'instance'] },
  'run events': { words: ['run'] },
  'run explain': { words: ['run', 'instance'] },
  'run verify': { words: ['run'] },
  'inspect task': { words: ['task'] },
  'inspect run': { words: ['run'] },
  'interrupt show': { words: ['interrupt'] },
  'inbox show': { words: ['interrupt'] },
  'inbox reply': { words: ['interrupt'] },
  'proposal show': { words: ['proposal'] },
  'proposal mark': { words: ['proposal'] },
  'proposal diff': { words: ['proposal'] },
  'proposal apply': { words: ['proposal'] },
  'skill export': { program: false, words: ['nothing', 'dir'] },
  'skill install': { program: false, words: ['nothing'] },
  completion: { program: false, words: ['shell'] },
  schema: { program: false, words: ['schema'] },
};

const optionKinds: Record<string, Kind> = {
  '--root': 'task',
  '--task-id': 'task',
  '--run-id': 'run',
  '--instance-id': 'instance',
  '--program-dir': 'dir',
  '--repo-dir': 'dir',
  '--input-json-file': 'file',
  '--question-file': 'file',
  '--text-file': 'file',
  '--payload-file': 'file',
  '--artifact': 'file',
  '--reply-schema': 'file',
};

/** `words`: those after `codex-orch`, up to and with the one at the cursor (which may be empty). */
export async function complete(words: string[], context: CliContext): Promise<void> {
  try {
    const current = words.at(-1) ?? '';
    const found = await candidates(words.slice(0, -1), current, context);
    for (const { word, about } of found) {
      if (!word.startsWith(current) && !word.startsWith(':')) continue;
      context.stdout.line(about === undefined ? word : `${word}\t${plainLine(about)}`);
    }
  } catch {
    // Nothing to offer.
  }
}

async function candidates(
  before: string[],
  current: string,
  context: CliContext,
): Promise<Candidate[]> {
  const [first] = before;
  if (first === undefined) {
    const groups = Object.entries(commandTable).filter(([, group]) => group.hidden !== true);
    return [
      ...groups.map(([word, { summary }]) => ({ word, about: summary })),
      { word: '--help' },
      { word: '--version' },
    ];
  }
  const group = Object.hasOwn(commandTable, first) ? commandTable[first] : undefined;
  if (!group) return [];
  const [{ Command: CommandClass }, module] = await Promise.all([
    import('commander'),
    group.load(),
  ]);
  const root = new CommandClass('codex-orch');
  module.register(root, context);
  const { command, name, rest } = descend(root, before);
  if (command.commands.length > 0) {
    return visibleCommands(command).map((child) => ({
      word: child.name(),
      about: child.summary() || child.description(),
    }));
  }
  const { words, pending } = withoutOptions(command, rest);
  if (pending) return ofOption(pending, words, name, context);
  if (current.startsWith('-')) {
    return [
      ...command.options
        .filter((option) => !option.hidden && option.long)
        .map((option) => ({ word: option.long ?? '', about: option.description })),
      { word: '--help', about: 'show help' },
    ];
  }
  return ofPosition(words, name, context);
}

function descend(
  root: Command,
  words: string[],
): { command: Command; name: string; rest: string[] } {
  let command = root;
  const names: string[] = [];
  let index = 0;
  for (; index < words.length; index += 1) {
    const next = command.commands.find((child) => child.name() === words[index]);
    if (!next) break;
    command = next;
    names.push(next.name());
  }
  return { command, name: names.join(' '), rest: words.slice(index) };
}

/** The words that are no options and no values of options, and the option whose value comes next. */
function withoutOptions(
  command: Command,
  rest: string[],
): { words: string[]; pending: Option | null } {
  const words: string[] = [];
  let pending: Option | null = null;
  for (const word of rest) {
    const option = command.options.find((known) => known.long === word || known.short === word);
    if (option) pending = option.required || option.optional ? option : null;
    else if (pending) {
      if (!pending.variadic) pending = null;
    } else if (!word.startsWith('-')) words.push(word);
  }
  return { words, pending };
}

function ofOption(option: Option, words: string[], name: string, context: CliContext): Candidate[] {
  if (option.argChoices) return option.argChoices.map((word) => ({ word }));
  const { programDir, rest } = split(words, name, context);
  const kind = optionKinds[option.long ?? ''];
  if (kind !== undefined) return ofKind(kind, programDir, rest);
  if (option.long === '--label') return labels(programDir).map((word) => ({ word }));
  return [];
}

function ofPosition(words: string[], name: string, context: CliContext): Candidate[] {
  const shape = positionals[name];
  if (shape?.program === false) {
    const kind = shape.words[words.length];
    return kind === undefined ? [] : ofKind(kind, context.cwd, words);
  }
  const { programDir, rest, explicit } = split(words, name, context);
  const kind = shape?.words[rest.length];
  const own = kind === undefined ? [] : ofKind(kind, programDir, rest);
  const mayNameProgram = words.length === 0 && !explicit;
  return mayNameProgram && (own.length === 0 || defaultProgram(context) === null)
    ? [...own, { word: ':dirs' }]
    : own;
}

function split(
  words: string[],
  name: string,
  context: CliContext,
): { programDir: string; rest: string[]; explicit: boolean } {
  const [first] = words;
  if (first !== undefined && positionals[name]?.program !== false) {
    const directory = path.resolve(context.cwd, first);
    if (namesIn(directory).includes('project.yaml')) {
      return { programDir: directory, rest: words.slice(1), explicit: true };
    }
  }
  return { programDir: defaultProgram(context) ?? context.cwd, rest: words, explicit: false };
}

function ofKind(kind: Kind, programDir: string, before: string[]): Candidate[] {
  switch (kind) {
    case 'program':
    case 'dir':
      return [{ word: ':dirs' }];
    case 'file':
      return [{ word: ':files' }];
    case 'task':
      return ids(path.join(programDir, 'tasks'), '.yaml').map((word) => ({ word }));
    case 'preset':
      return ids(path.join(programDir, 'presets'), '.yaml').map((word) => ({ word }));
    case 'run':
      return ['latest', ...runIds(programDir)].map((word) => ({ word }));
    case 'instance':
      return runOf(programDir, before[0]).flatMap((run) =>
        namesIn(path.join(run, 'instances'))
          .sort()
          .map((word) => ({ word })),
      );
    case 'interrupt':
      return openInterrupts(programDir);
    case 'proposal':
      return runIds(programDir).flatMap((run) =>
        ids(path.join(programDir, '.runs', run, 'proposals'), '.json').map((word) => ({ word })),
      );
    case 'edge-kind':
      return [{ word: 'order' }, { word: 'context' }];
    case 'shell':
      return [{ word: 'bash' }, { word: 'zsh' }, { word: 'fish' }];
    case 'schema':
      return [{ word: 'project' }, { word: 'task' }, { word: 'role' }, { word: 'preset' }];
    case 'nothing':
      return [];
  }
}

/** Names are read straight from the disk: opening runs would make a Tab slow. */
function runIds(programDir: string): string[] {
  return listRunIds(programDir).slice(0, 20);
}

function runOf(programDir: string, word: string | undefined): string[] {
  const known = runIds(programDir);
  const id =
    word === undefined || word === 'latest' ? known[0] : known.find((run) => run.startsWith(word));
  return id === undefined ? [] : [path.join(programDir, '.runs', id)];
}

function openInterrupts(programDir: string): Candidate[] {
  return runIds(programDir).flatMap((run) => {
    const inbox = path.join(programDir, '.runs', run, 'inbox');
    const answered = new Set(ids(path.join(inbox, 'replies'), '.json'));
    const directory = path.join(inbox, 'interrupts');
    return ids(directory, '.json')
      .filter((id) => !answered.has(id))
      .map((id) => ({ word: id, about: question(path.join(directory, `${id}.json`)) }));
  });
}

function question(file: string): string {
  const stored: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const text = (stored as { question?: unknown } | null)?.question;
  return typeof text === 'string' ? text.slice(0, 80) : '';
}

function labels(programDir: string): string[] {
  const found = new Set<string>();
  for (const id of ids(path.join(programDir, 'tasks'), '.yaml')) {
    const text = readFileSync(path.join(programDir, 'tasks', `${id}.yaml`), 'utf8');
    const block = /^labels:[ \t]*(?:\[([^\]]*)\]|((?:\r?\n[ \t]*-[^\n]*)+))/m.exec(text);
    for (const label of (block?.[1] ?? block?.[2] ?? '').split(/,|\n[ \t]*-/)) {
      const plain = label.trim().replace(/^["']|["']$/g, '');
      if (plain !== '') found.add(plain);
    }
  }
  return [...found];
}

function ids(directory: string, extension: string): string[] {
  return namesIn(directory)
    .sort()
    .filter((name) => name.endsWith(extension) && !name.startsWith('.'))
    .map((name) => name.slice(0, -extension.length));
}

function visibleCommands(command: Command): Command[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .filter((child) => child.name() !== 'help');
}
