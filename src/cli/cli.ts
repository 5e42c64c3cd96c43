/**
 * From the words of the command line to one command: finds it, loads it alone, lets commander parse, and turns
 * every way in which that can fail into `error:` and `hint:` lines.
 */
import { ExitStatus, Refusal } from '../model/refusal.ts';
import { suggest } from '../text/suggest.ts';
import { commandTable } from './command-table.ts';
import type { CliContext } from './context.ts';
import { plainText } from '../text/plain-text.ts';
import { broken } from './render/broken.ts';

/**
 * Runs one command line (without `node` and the script). Expected failures are printed, and set the
 * exit status; anything else is thrown on, as a defect. With --json they are `{"error": {code, message, hint}}` on
 * standard output.
 */
export async function runCli(argv: string[], context: CliContext): Promise<void> {
  try {
    await dispatch(rewritten(argv), context);
  } catch (error) {
    const refusal = error instanceof Refusal ? error : fromSystem(error);
    if (!refusal) throw error;
    if (asksForJson(argv)) context.stdout.line(errorDocument(refusal));
    else printRefusal(refusal, context);
    context.exit(refusal.exit);
  }
}

/** Whether the caller reads JSON: an error is then JSON, too. */
function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end < 0 ? argv : argv.slice(0, end)).includes('--json');
}

/** On one line, for those who read line by line. */
function errorDocument({ code, message, hint }: Refusal): string {
  return JSON.stringify({ error: { code, message, hint: hint ?? null } });
}

const systemErrors: Record<string, string> = {
  EACCES: 'check the permissions',
  EPERM: 'check the permissions',
  EROFS: 'the file system is read-only',
  ENOSPC: 'free some space on the disk',
  EDQUOT: 'free some space: the quota is used up',
  EMFILE: 'raise the limit of open files (ulimit -n)',
  ENFILE: 'the system has too many open files',
  EIO: 'check the disk',
};

/** What the machine refuses is no defect of ours; null for anything else. */
function fromSystem(error: unknown): Refusal | null {
  const { code, message, syscall } = error as Partial<NodeJS.ErrnoException>;
  if (!(error instanceof Error) || code === undefined || syscall === undefined) return null;
  const hint = Object.hasOwn(systemErrors, code) ? systemErrors[code] : undefined;
  return hint === undefined
    ? null
    : new Refusal('system-error', message ?? code, { hint, exit: ExitStatus.failed });
}

/** Prints `error: …`, and `hint: …` where there is one, to standard error. */
function printRefusal(refusal: Refusal, context: CliContext): void {
  const { stderr } = context;
  const say = (word: string, code: number, text: string): void => {
    const lines = `${word} ${text}`.split('\n').flatMap((line) => broken(line, '  ', stderr));
    const painted = stderr.color ? `\u001b[${code}m${word}\u001b[39m` : word;
    lines.forEach((line, at) => stderr.line(at === 0 ? line.replace(word, painted) : line));
  };
  say('error:', 31, plainText(refusal.message).trimEnd());
  if (refusal.hint !== undefined) say('hint:', 36, plainText(refusal.hint).trimEnd());
}

async function dispatch(argv: string[], context: CliContext): Promise<void> {
  const [first] = argv;
  if (first === '--help' || first === '-h' || first === 'help') {
    return context.stdout.write(rootHelp(context.stdout.columns));
  }
  if (first === undefined) {
    context.stderr.write(rootHelp(context.stderr.columns));
    return context.exit(ExitStatus.usage);
  }
  if (first === '__complete') {
    const { complete } = await import('./complete.ts');
    return complete(argv.slice(1), context);
  }
  const entry = Object.hasOwn(commandTable, first) ? commandTable[first] : undefined;
  if (!entry) throw unknownGroup(first);
  const [{ runCommand }, loaded] = await Promise.all([import('./commander.ts'), entry.load()]);
  if ('command' in loaded) return runCommand(argv, loaded, context);
  const { noun } = loaded;
  // As commander finds it.
  const at = argv[1] === '--' ? 2 : 1;
  const verb = argv[at] ?? '';
  if (verb === '' && noun.onTerminal !== undefined && isConversation(context)) {
    return dispatch([first, noun.onTerminal], context);
  }
  const found = Object.hasOwn(noun.verbs, verb) ? noun.verbs[verb] : undefined;
  if (!found && noun.onTerminal !== undefined && isConversation(context)) {
    const { looksLikePath } = await import('./program-argument.ts');
    if (looksLikePath(verb)) return dispatch([first, noun.onTerminal, ...argv.slice(at)], context);
  }
  if (found && 'as' in found) return dispatch([...found.as, ...argv.slice(at + 1)], context);
  // Help for a command that there is not would be help for another.
  if (!found && verb !== '' && !verb.startsWith('-')) {
    const asked = argv.filter((word) => word !== '--help' && word !== '-h');
    return runCommand(asked, { noun, called: null }, context);
  }
  const called = found ? { verb, command: (await found.load()).command } : null;
  await runCommand(argv, { noun, called }, context);
}

/** Whether a person sits there, who can be asked. */
function isConversation({ stderr, stdin }: CliContext): boolean {
  return stderr.isTerminal && stdin.isTTY === true;
}

/** `help run start` and `run help start` are `run start --help`. */
function rewritten(argv: string[]): string[] {
  if (argv[0] === 'help' && argv.length > 1) return rewritten([...argv.slice(1), '--help']);
  if (argv[1] === 'help') return rewritten([argv[0] ?? '', ...argv.slice(2), '--help']);
  return argv;
}

function rootHelp(columns: number): string {
  const groups = Object.entries(commandTable);
  const width = Math.max(...groups.map(([name]) => name.length)) + 2;
  const lines = [
    'Usage: codex-orch <command> …',
    '',
    'Workflows for coding agents: authored as plain files, run on this machine.',
    '',
    'Commands:',
    ...groups.map(([name, { summary }]) => `  ${name.padEnd(width)}${summary}`),
    '',
    'Options:',
    `  ${'-V, --version'.padEnd(15)}print the version`,
    `  ${'-h, --help'.padEnd(15)}show this help, or with a command, its own`,
    '',
    'Examples:',
    '  codex-orch project init my-program "My program" ../my-repository',
    '  codex-orch run start my-program --root build',
    '  codex-orch run start --help',
  ];
  return lines.map((line) => `${line.slice(0, Math.max(columns, 60))}\n`).join('');
}

function unknownGroup(word: string): Refusal {
  const names = Object.keys(commandTable);
  if (word.startsWith('-')) {
    const near = suggest(word, ['--help', '--version']);
    return new Refusal('unknown-option', `unknown option "${word}"`, {
      hint: near === null ? 'see: codex-orch --help' : `did you mean ${near}?`,
    });
  }
  const near = suggest(word, names);
  return new Refusal('unknown-command', `unknown command "${word}"`, {
    hint: near === null ? 'see: codex-orch --help' : `did you mean: codex-orch ${near}`,
  });
}
