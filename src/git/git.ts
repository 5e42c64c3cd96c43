/**
 * The one way in which this program runs git. The person's configuration holds (without it, filters and ignores would
 * be others than theirs), but for what would run programs of an agent's, or change more than was asked: that is pinned.
 * Git never looks for a repository by itself here unless it is the person's own that is meant: whoever can write to a
 * repository decides what a git that finds it executes.
 */
import path from 'node:path';
import { makeDirectory, writeFile } from '../disk/disk.ts';
import { faultPoint } from '../disk/fault-point.ts';
import { ExitStatus, Refusal } from '../model/refusal.ts';
import { runBounded } from '../processes/run-briefly.ts';

/** Where a git process works. */
export interface GitPlace {
  cwd: string;
  /** Left out: git looks for it from `cwd`; for places of the person's alone. */
  gitDir?: string;
  /** Left out: as the repository has it. */
  workTree?: string;
  /** Another index than the repository's. */
  indexFile?: string;
  /** Whether names that differ by case alone are one there; left out: as the repository has it, which may lie on another disk. */
  ignoresCase?: boolean;
}

export interface GitOptions {
  /** On top of the environment that every git of ours has, such as identity and dates. */
  env?: Readonly<Record<string, string>>;
  /** More of `-c name=value`. */
  config?: readonly string[];
  input?: string | Uint8Array;
  /** Ten minutes unless it is said: a checkout may fetch what a partial clone lacks. */
  timeoutMs?: number;
  /** Of standard output; 64 MiB unless it is said. */
  maxBytes?: number;
}

export interface GitOutcome {
  /** null: it was killed, took too long, printed too much, or did not start. */
  code: number | null;
  stdout: Buffer;
  stderr: string;
}

/** A git process that failed where it should not have. */
export class GitFailure extends Refusal {
  readonly args: readonly string[];
  readonly outcome: GitOutcome;

  constructor(args: readonly string[], outcome: GitOutcome, hint?: string) {
    const { code, stderr } = outcome;
    const said = stderr.trim().split('\n').slice(-3).join(' ').slice(0, 500);
    const how = code === null ? '' : ` (exit status ${code})`;
    super('git-failed', `git ${args[0] ?? ''} failed${how}: ${said || 'it said nothing'}`, {
      hint,
      exit: ExitStatus.failed,
    });
    this.name = 'GitFailure';
    this.args = args;
    this.outcome = outcome;
  }
}

export interface Git {
  /** Runs it to its end, however that is. */
  run(args: readonly string[], place: GitPlace, options?: GitOptions): Promise<GitOutcome>;
  /** Its standard output, without the last newline. @throws GitFailure where it does not end with status 0 */
  text(args: readonly string[], place: GitPlace, options?: GitOptions): Promise<string>;
  /** As `text`, of what it prints as `-z` has it: each ended by a NUL. */
  fields(args: readonly string[], place: GitPlace, options?: GitOptions): Promise<string[]>;
}

/** Names another git than the one on PATH. */
const gitVariable = 'CODEX_ORCH_GIT_BIN';

/** What of the person's own GIT_* says how git is found and reached, and nothing of one repository. */
const kept = new Set([
  'GIT_CONFIG_GLOBAL',
  'GIT_CONFIG_SYSTEM',
  'GIT_CONFIG_NOSYSTEM',
  'GIT_EXEC_PATH',
  'GIT_CEILING_DIRECTORIES',
  'GIT_DISCOVERY_ACROSS_FILESYSTEM',
  'GIT_ASKPASS',
  'GIT_SSH',
  'GIT_SSH_COMMAND',
  'GIT_SSL_CAINFO',
]);

/**
 * Hooks fire from plumbing too; a watcher of the file system is a program that the configuration names; a collection of
 * garbage would change the person's repository; the default of `core.fsync` flushes refs but not what they name.
 */
const pins = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'gc.auto=0',
  'maintenance.auto=false',
  'core.trustctime=true',
  'core.checkStat=default',
  'core.fsync=committed',
  'core.splitIndex=false',
  'advice.addEmbeddedRepo=false',
];

/** Git's commands that change something: a crash may come before each. */
const changing = new Set([
  'add',
  'checkout',
  'commit-tree',
  'fetch',
  'init',
  'merge',
  'merge-tree',
  'pack-refs',
  'push',
  'read-tree',
  'reset',
  'rm',
  'symbolic-ref',
  'update-index',
  'update-ref',
  'write-tree',
]);

/**
 * Those that open what lies in a working tree, or in the `.git` there, by its name: `.gitignore`, an index. The others
 * may run what asks the person (for a password, for the key to sign with), which may well wait on a pipe of its own.
 */
const opening = new Set([
  'add',
  'blame',
  'cat-file',
  'checkout',
  'clean',
  'config',
  'diff-files',
  'diff-tree',
  'grep',
  'hash-object',
  'ls-files',
  'merge',
  'read-tree',
  'reset',
  'rev-parse',
  'rm',
  'status',
  'symbolic-ref',
  'update-index',
  'write-tree',
]);

const TIMEOUT_MS = 10 * 60_000;
const MAX_BYTES = 64 * 1024 * 1024;

/** `env`: of whoever runs us; nothing of it that names a repository reaches git. */
export function gitOf(env: Readonly<NodeJS.ProcessEnv>): Git {
  const program = env[gitVariable] || 'git';
  const base = gitEnvironment(env);
  const run: Git['run'] = async (args, place, options = {}) => {
    if (changing.has(args[0] ?? '')) {
      faultPoint('git', args.slice(0, 2).join(' '), () => leaveLocks(args, place, options));
    }
    const argv: [string, ...string[]] = [program];
    if (place.gitDir !== undefined) argv.push(`--git-dir=${place.gitDir}`);
    if (place.workTree !== undefined) argv.push(`--work-tree=${place.workTree}`);
    const more = options.config ?? [];
    const ofDisk = place.ignoresCase === undefined ? [] : [`core.ignoreCase=${place.ignoresCase}`];
    for (const pin of [...pins, ...ofDisk, ...more]) argv.push('-c', pin);
    argv.push(...args);
    const index = place.indexFile === undefined ? {} : { GIT_INDEX_FILE: place.indexFile };
    return runBounded(argv, {
      cwd: place.cwd,
      env: { ...base, ...index, ...options.env },
      timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
      maxBytes: options.maxBytes ?? MAX_BYTES,
      opensNoPipes: opening.has(args[0] ?? ''),
      ...(options.input === undefined ? {} : { input: options.input }),
    });
  };
  const text: Git['text'] = async (args, place, options) => {
    const outcome = await run(args, place, options);
    if (outcome.code !== 0) throw new GitFailure(args, outcome);
    return outcome.stdout.toString('utf8').replace(/\n$/, '');
  };
  return {
    run,
    text,
    async fields(args, place, options) {
      const all = await text(args, place, options);
      return all === '' ? [] : all.replace(/\0$/, '').split('\0');
    },
  };
}

/** For the crash driver: what a git that is killed with us leaves, of the index and the refs that it changes. */
function leaveLocks(args: readonly string[], place: GitPlace, { input = '' }: GitOptions): void {
  const { indexFile, gitDir } = place;
  const files = indexFile === undefined ? [] : [indexFile];
  if (args[0] === 'merge') files.push(path.join(place.cwd, '.git', 'index'));
  if (args[0] === 'update-ref' && gitDir !== undefined) {
    const refs = `${args.join(' ')} ${String(input)}`.match(/refs\/\S+/g) ?? [];
    files.push(...refs.slice(0, 1).map((ref) => path.join(gitDir, ref)));
  }
  for (const file of files) {
    makeDirectory(path.dirname(file));
    writeFile(`${file}.lock`, '');
  }
}

/** `GIT_OPTIONAL_LOCKS`: a plain `status` would rewrite the index of whoever is asked about. */
function gitEnvironment(env: Readonly<NodeJS.ProcessEnv>): NodeJS.ProcessEnv {
  const rest = Object.entries(env).filter(([name]) => !name.startsWith('GIT_') || kept.has(name));
  return {
    ...Object.fromEntries(rest),
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
  };
}
