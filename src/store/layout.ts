/**
 * Where everything of a run lies: section 12 of the contract, by name. No other file spells these
 * paths out. Also the ids of runs, and what a person may type for one.
 */
import { randomBytes } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { firstBytes, withForeign } from '../disk/foreign-file.ts';
import { namesIn } from '../disk/names-in.ts';
import type { ShownFile } from '../model/attempt.ts';
import { ExitStatus, Refusal } from '../model/refusal.ts';

/** Absolute paths of one run. */
export interface RunPaths {
  runId: string;
  /** The author's program, as it is now. */
  authoredDir: string;
  /** `.runs/<run-id>` */
  root: string;
  eventsLog: string;
  stateDir: string;
  /** `state/run.json` */
  runFile: string;
  taskFile(taskId: string): string;
  inputsFile(inputScopeId: string): string;
  instanceFile(instanceId: string): string;
  /** `state/results/<id>.json` */
  resultFile(instanceId: string): string;
  /** The run's own frozen copy of the program's files. */
  programDir: string;
  inboxDir: string;
  inboxInterrupts: string;
  inboxReplies: string;
  /** Requests to a living engine, such as an abort. */
  inboxCommands: string;
  interruptFile(interruptId: string): string;
  replyFile(interruptId: string): string;
  /** What answering an interrupt by an assistant leaves: prompts, outputs, the reason of a failure. */
  assistantDir(interruptId: string): string;
  assistantAttemptDir(interruptId: string, attempt: number): string;
  proposals: string;
  proposalFile(proposalId: string): string;
  instancesDir: string;
  instanceDir(instanceId: string): string;
  attemptDir(instanceId: string, attempt: number): string;
  /** Where the worker of an attempt leaves its questions; there once it has asked one. */
  questionsDir(instanceId: string, attempt: number): string;
  /** `control/`: what the engine keeps about attempts, out of the reach of what runs in a sandbox. */
  controlRoot: string;
  /** Of an attempt while it lives. `owner`: its instance, or the interrupt that an assistant is to answer. */
  controlDir(owner: string, attempt: number): string;
  /** Of a check of what an attempt left, or (`baseline`) of what was there before: where it may write, and its owner in `control/`. */
  checkPlace(instanceId: string, attempt: number, check: CheckName): CheckPlace;
  /** Where a file that shows an attempt may lie, to be looked for in this order. */
  shownFile(instanceId: string, attempt: number, name: ShownFile): readonly [string, string];
  publishedDir(instanceId: string): string;
  sessionFile(instanceId: string): string;
  lockDir: string;
  /** What the engine keeps of trees. */
  treesDir: string;
  /** What it keeps of one. `of`: the tree, or the instance. */
  treeFile(of: string, what: 'index' | 'merge' | 'base' | 'making'): string;
  /** What an engine in the background prints. */
  engineLog: string;
  /** Put on the PATH of workers, so that they can run `codex-orch` by that name. */
  binDir: string;
  /** Notifications that have yet to be sent. */
  outboxDir: string;
}

/** Which check of an attempt. */
export interface CheckName {
  /** From 0. */
  index: number;
  isBaseline: boolean;
}

export interface CheckPlace {
  attemptDir: string;
  controlDir: string;
  /** What it printed, once it has ended. */
  log: string;
}

/** The paths of a run. Pure: nothing is read, nothing created. */
export function runPaths(programDir: string, runId: string): RunPaths {
  const authoredDir = path.resolve(programDir);
  const root = path.join(runsDir(authoredDir), runId);
  // As they are: all parts are plain names, and an engine asks for several paths at each event.
  const under = (...parts: string[]): string => within(root, ...parts);
  const instanceDir = (id: string): string => under('instances', id);
  const attemptDir = (id: string, attempt: number): string =>
    under('instances', id, 'attempts', attemptName(attempt));
  const controlDir = (owner: string, attempt: number): string =>
    under('control', owner, attemptName(attempt));
  return {
    runId,
    authoredDir,
    root,
    eventsLog: under('events.jsonl'),
    stateDir: under('state'),
    runFile: under('state', 'run.json'),
    taskFile: (id) => under('state', 'tasks', `${id}.json`),
    inputsFile: (id) => under('state', 'inputs', `${id}.json`),
    instanceFile: (id) => under('state', 'instances', `${id}.json`),
    resultFile: (id) => under('state', 'results', `${id}.json`),
    programDir: under('program'),
    inboxDir: under('inbox'),
    inboxInterrupts: under('inbox', 'interrupts'),
    inboxReplies: under('inbox', 'replies'),
    inboxCommands: under('inbox', 'commands'),
    interruptFile: (id) => under('inbox', 'interrupts', `${id}.json`),
    replyFile: (id) => under('inbox', 'replies', `${id}.json`),
    assistantDir: (id) => under('assistants', id),
    assistantAttemptDir: (id, attempt) => under('assistants', id, attemptName(attempt)),
    proposals: under('proposals'),
    proposalFile: (id) => under('proposals', `${id}.json`),
    instancesDir: under('instances'),
    instanceDir,
    attemptDir,
    questionsDir: (id, attempt) => within(attemptDir(id, attempt), 'questions'),
    controlRoot: under('control'),
    controlDir,
    checkPlace: (id, attempt, { index, isBaseline }) => {
      const name = `${isBaseline ? 'baseline' : 'check'}-${index}`;
      const attemptDir = path.join(instanceDir(id), 'checks', attemptName(attempt), name);
      const controlDir = under('control', `${id}${CHECK_OWNER}${name}`, attemptName(attempt));
      return { attemptDir, controlDir, log: `${attemptDir}.log` };
    },
    shownFile: (id, attempt, name) => [
      path.join(controlDir(id, attempt), name),
      path.join(attemptDir(id, attempt), placeInAttempt(name)),
    ],
    publishedDir: (id) => within(instanceDir(id), 'published'),
    sessionFile: (id) => within(instanceDir(id), 'session.json'),
    lockDir: under('lock'),
    treesDir: under('trees'),
    treeFile: (of, what) => under('trees', `${path.basename(of)}.${what}`),
    engineLog: under('engine.log'),
    binDir: under('bin'),
    outboxDir: under('outbox'),
  };
}

/** Plain names, one in the other, below a directory: put together as they are, which costs a tenth of `path.join`. */
export function within(directory: string, ...names: string[]): string {
  let place = directory;
  for (const name of names) place += path.sep + name;
  return place;
}

/** Where a file of a control directory lies in the directory of its attempt, relative to that. */
export function placeInAttempt(name: string): string {
  return name === 'manifest.json' ? 'context/manifest.json' : name;
}

/** `.runs` of a program. */
export function runsDir(programDir: string): string {
  return path.join(programDir, '.runs');
}

/** What we keep beside an authored program: its lock, an edit that is under way, the workspaces of its roles. */
export function privateDir(programDir: string): string {
  return path.join(programDir, '.codex-orch');
}

/** The lock that an edit of the program holds. */
export function programLockDir(programDir: string): string {
  return path.join(privateDir(programDir), 'lock');
}

/** The directory name of an attempt: its number, from 1, in at least four digits. */
function attemptName(attempt: number): string {
  return String(attempt).padStart(4, '0');
}

/** In the name of an owner in `control/` that is no instance, but one of its checks. */
const CHECK_OWNER = '.';

/** The instance whose check an owner in `control/` is; null: it is none. */
export function instanceOfCheck(owner: string): string | null {
  return /^(.+)\.(?:check|baseline)-\d+$/.exec(owner)?.[1] ?? null;
}

/** Attempts whose control directory stands: those that run, and what a crash has left. */
export function unsettledAttempts(paths: RunPaths): { owner: string; attempt: number }[] {
  // What begins with a dot waits for an owner.
  const owners = namesIn(paths.controlRoot).filter((name) => !name.startsWith('.'));
  return owners.flatMap((owner) =>
    namesIn(path.join(paths.controlRoot, owner))
      .filter((name) => /^\d{4,}$/.test(name))
      .map((name) => ({ owner, attempt: Number(name) })),
  );
}

/** Where the assistants of a role work, whichever run asks: `.codex-orch/assistant_roles/<id>/workspace`. */
export function roleWorkspace(programDir: string, roleId: string): string {
  return path.join(privateDir(programDir), 'assistant_roles', roleId, 'workspace');
}

const runIdPattern = /^\d{14}-[0-9a-f]{8}$/;

/** `YYYYMMDDHHMMSS-<8 hex>`, UTC. `now`: ISO 8601, UTC. */
export function newRunId(now: string): string {
  const stamp = now.replace(/\D/g, '').slice(0, 14);
  return `${stamp}-${randomBytes(4).toString('hex')}`;
}

/**
 * The ids of a program's runs, newest first. A directory without a log and without state/run.json is not
 * a run: that is what a crash, or another process, leaves before the first event. One that has lost its
 * log is: reading it says so. Creates nothing.
 */
export function listRunIds(programDir: string): string[] {
  const directory = runsDir(programDir);
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
  const ids = names.filter((name) => runIdPattern.test(name) && isRun(directory, name));
  return newestFirst(directory, ids);
}

/**
 * The run that a person means: an id, a unique prefix of one, or `latest`.
 * @throws Refusal `run-not-found` or `run-ambiguous`, exit status 4, with the ids that come close
 */
export function resolveRunId(programDir: string, text: string): string {
  const ids = listRunIds(programDir);
  const list = `codex-orch run list ${programDir}`;
  const notFound = { hint: list, exit: ExitStatus.notFound };
  if (text === 'latest') {
    const latest = ids[0];
    if (latest !== undefined) return latest;
    throw new Refusal('run-not-found', `No runs yet in ${programDir}.`, {
      hint: `codex-orch run start ${programDir} --root <task>`,
      exit: ExitStatus.notFound,
    });
  }
  if (ids.includes(text)) return text;
  const matches = text === '' ? [] : ids.filter((id) => id.startsWith(text));
  const [match] = matches;
  if (match !== undefined && matches.length === 1) return match;
  if (matches.length > 1) {
    throw new Refusal(
      'run-ambiguous',
      `"${text}" fits ${matches.length} runs: ${preview(matches)}.`,
      { ...notFound, data: { matches } },
    );
  }
  if (runIdPattern.test(text) && exists(path.join(runsDir(programDir), text))) {
    throw new Refusal('run-not-found', `Run ${text} was never started: it has no event.`, notFound);
  }
  const near = nearMatches(text, ids);
  const also = near.length > 0 ? ` Closest: ${preview(near)}.` : '';
  throw new Refusal('run-not-found', `No run "${text}" in ${programDir}.${also}`, {
    ...notFound,
    data: { near },
  });
}

function isRun(directory: string, runId: string): boolean {
  try {
    const log = statSync(path.join(directory, runId, 'events.jsonl'), { throwIfNoEntry: false });
    return (log?.size ?? 0) > 0 || exists(path.join(directory, runId, 'state', 'run.json'));
  } catch {
    // No directory, or not ours to look into.
    return false;
  }
}

function exists(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false }) !== undefined;
}

/** By id; runs of the same second by the milliseconds of their first event. */
function newestFirst(directory: string, ids: string[]): string[] {
  const created = new Map<string, string>();
  const createdAt = (id: string): string => {
    let value = created.get(id);
    if (value === undefined) {
      value = firstEventTime(path.join(directory, id, 'events.jsonl'));
      created.set(id, value);
    }
    return value;
  };
  return ids.sort((a, b) => {
    if (a.slice(0, 14) !== b.slice(0, 14)) return a < b ? 1 : -1;
    const [timeA, timeB] = [createdAt(a), createdAt(b)];
    if (timeA !== timeB) return timeA < timeB ? 1 : -1;
    return a < b ? 1 : -1;
  });
}

/** `created_at` stands near the start of a line, before the payload. */
function firstEventTime(log: string): string {
  const head = withForeign(log, { followsLinks: true }, (opened) => firstBytes(opened, 512));
  if (!Buffer.isBuffer(head)) return '';
  return /"created_at":"([^"]*)"/.exec(head.toString('utf8'))?.[1] ?? '';
}

/** Ids that contain the text, else those that share the longest beginning with it. */
function nearMatches(text: string, ids: string[]): string[] {
  if (text === '') return ids.slice(0, 3);
  const containing = ids.filter((id) => id.includes(text));
  if (containing.length > 0) return containing.slice(0, 3);
  const shared = (id: string): number => {
    let length = 0;
    while (length < text.length && id[length] === text[length]) length += 1;
    return length;
  };
  return ids
    .filter((id) => shared(id) >= 4)
    .sort((a, b) => shared(b) - shared(a))
    .slice(0, 3);
}

function preview(ids: string[]): string {
  const shown = ids.slice(0, 5).join(', ');
  return ids.length > 5 ? `${shown}, …` : shown;
}
