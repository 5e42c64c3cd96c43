/** `run pr`: the result of a run on one branch of the remote, and one pull request for it. */
import path from 'node:path';
import { makeDirectory, writeFile } from '../../disk/disk.ts';
import { readForeignText } from '../../disk/foreign-file.ts';
import type { GitPlace } from '../../git/git.ts';
import { runRefs } from '../../git/refs.ts';
import { refCommit, setRef } from '../../git/set-ref.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import { withoutRepository } from '../../processes/git-environment.ts';
import { runBounded, type BoundedRun } from '../../processes/run-briefly.ts';
import { fenced, oneLine } from '../../text/markdown.ts';
import { plainText } from '../../text/plain-text.ts';
import type { World } from '../world.ts';
import { mergedWork, readWork, refuseUnfinished, resultConflict, type RunWork } from './work.ts';

export interface PullRequestOptions {
  /** Of the remote; null: `codex-orch/<run-id>`. */
  branch: string | null;
  draft: boolean;
  /** The branch that it is for; null: what the host takes. */
  base: string | null;
  title: string | null;
}

export interface PullRequest {
  run_id: string;
  remote: string;
  branch: string;
  commit: string;
  /** As the host's command names it; null where it does not. */
  url: string | null;
  /** False: it was there, and is brought up to date. */
  created: boolean;
}

interface Host {
  program: 'gh' | 'glab';
  run(...args: string[]): Promise<BoundedRun>;
}

const HOST_MS = 120_000;
const HOST_BYTES = 4 << 20;
const MAX_RESULT_BYTES = 1 << 20;
const SHOWN_RESULT = 4000;

/**
 * Nothing but that branch is pushed; no ref of the person's moves.
 * @throws Refusal `no-trees`, `run-not-done`, `result-conflict`, `remote-missing`, `branch-taken`, `push-failed`,
 * `pr-failed`; `host-command-missing` with exit status 2
 */
export async function openPullRequest(
  world: World,
  programDir: string,
  run: string,
  options: PullRequestOptions,
): Promise<PullRequest> {
  const work = readWork(world, programDir, run);
  refuseUnfinished(work);
  const { git, paths } = work;
  const [place, ...others] = work.places;
  if (!place || others.length > 0) {
    throw refused('several-repositories', `Run ${paths.runId} worked on several repositories.`);
  }
  const { worktree, repository, branch: startedOn } = place.base;
  const there: GitPlace = { cwd: worktree };
  const remote = await remoteOf(work, there, startedOn);
  const url = await git.text(['remote', 'get-url', '--push', remote], there);
  const host = await hostOf(world, worktree, url);
  const merged = await mergedWork(work, place);
  if (!merged.ok) throw resultConflict(work, merged);
  const branch = options.branch ?? `codex-orch/${paths.runId}`;
  const named = await git.run(['check-ref-format', `refs/heads/${branch}`], there);
  if (named.code !== 0) throw refused('branch-name', `"${branch}" cannot be the name of a branch.`);
  await push(work, { there, repository, url, branch, commit: merged.commit });
  const title = options.title ?? titleOf(work);
  makeDirectory(paths.treesDir);
  const body = path.join(paths.treesDir, 'pull-request.md');
  writeFile(body, bodyOf(work));
  const shown = { run_id: paths.runId, remote, branch, commit: merged.commit };
  return { ...shown, ...(await openOrUpdate(host, branch, title, body, options)) };
}

/** The one that the branch follows, else `origin`, else the only one. */
async function remoteOf(
  { git, paths }: RunWork,
  there: GitPlace,
  startedOn: string | null,
): Promise<string> {
  const remotes = (await git.text(['remote'], there)).split('\n').filter((name) => name !== '');
  const short = startedOn?.replace(/^refs\/heads\//, '') ?? '';
  const followed = await git.run(['config', `branch.${short}.remote`], there);
  const name = followed.stdout.toString('utf8').trim();
  const found = remotes.find((each) => each === name) ?? remotes.find((each) => each === 'origin');
  const only = found ?? (remotes.length === 1 ? remotes[0] : undefined);
  if (only !== undefined) return only;
  throw refused(
    'remote-missing',
    `The repository of run ${paths.runId} has no remote to push to.`,
    'git remote add origin URL',
  );
}

/** The command of the host that a remote is at. @throws Refusal where neither is there */
async function hostOf(world: World, cwd: string, url: string): Promise<Host> {
  const env = { ...withoutRepository(world.env), GH_PROMPT_DISABLED: '1', NO_COLOR: '1' };
  const likely = /gitlab/i.test(url) ? (['glab', 'gh'] as const) : (['gh', 'glab'] as const);
  for (const program of likely) {
    const run: Host['run'] = (...args) =>
      runBounded([program, ...args], { cwd, env, timeoutMs: HOST_MS, maxBytes: HOST_BYTES });
    if ((await run('--version')).code === 0) return { program, run };
  }
  throw new Refusal(
    'host-command-missing',
    'Neither gh nor glab can be run: one of them opens the pull request.',
    {
      hint: 'Install gh (GitHub) or glab (GitLab), and log in; or: codex-orch run integrate',
      exit: ExitStatus.usage,
    },
  );
}

/** With what the person's own hooks do (large files go that way), and nothing beside that one branch. */
async function push(
  { git, paths }: RunWork,
  to: { there: GitPlace; repository: string; url: string; branch: string; commit: string },
): Promise<void> {
  const { there, repository, url, branch, commit } = to;
  const full = `refs/heads/${branch}`;
  const kept = `${runRefs(paths.runId).pushed}${branch}`;
  const before = await refCommit(git, repository, kept);
  const listed = await git.run(['ls-remote', url, full], there);
  if (listed.code !== 0) throw refused('push-failed', `${url}: ${listed.stderr.trim()}`);
  const now = listed.stdout.toString('utf8').split('\t')[0] ?? '';
  if (now !== commit) {
    if (now !== (before ?? '')) {
      throw refused(
        'branch-taken',
        `${branch} of the remote is at a commit that this run has not pushed.`,
        'Give another name: --branch NEW',
      );
    }
    const own = await git.run(['config', '--type=path', '--get-all', 'core.hooksPath'], there);
    // The last is our pin.
    const theirs = own.stdout.toString('utf8').trim().split('\n').at(-2);
    const hooksPath = theirs ?? path.join(repository, 'hooks');
    const args = ['push', '--quiet', '--no-follow-tags', '--recurse-submodules=no'];
    const lease = `--force-with-lease=${full}:${now}`;
    const config = [`core.hooksPath=${hooksPath}`];
    const pushed = await git.run([...args, lease, url, `${commit}:${full}`], there, { config });
    if (pushed.code !== 0) throw refused('push-failed', `git push failed: ${pushed.stderr.trim()}`);
  }
  await setRef(git, repository, kept, commit);
}

async function openOrUpdate(
  { program, run }: Host,
  branch: string,
  title: string,
  body: string,
  options: PullRequestOptions,
): Promise<Pick<PullRequest, 'url' | 'created'>> {
  const isGitHub = program === 'gh';
  const read = readForeignText(body, { maxBytes: HOST_BYTES });
  const text = read.ok ? read.text : '';
  const listing = isGitHub
    ? ['pr', 'list', '--head', branch, '--state', 'open', '--json', 'number,url']
    : ['mr', 'list', '--source-branch', branch, '--output', 'json'];
  const listed = await run(...listing);
  if (listed.code !== 0) throw refused('pr-failed', `${program}: ${listed.stderr.trim()}`);
  const open = openOnes(listed.stdout.toString('utf8'));
  const content = isGitHub ? ['--body-file', body] : ['--description', text];
  const [first] = open;
  if (first !== undefined) {
    const renamed = options.title === null ? [] : ['--title', title];
    const noun = isGitHub ? ['pr', 'edit'] : ['mr', 'update'];
    const updated = await run(...noun, String(first.number), ...renamed, ...content);
    if (updated.code !== 0) throw refused('pr-failed', `${program}: ${updated.stderr.trim()}`);
    return { url: first.url, created: false };
  }
  const base = options.base === null ? [] : [isGitHub ? '--base' : '--target-branch', options.base];
  const draft = options.draft ? ['--draft'] : [];
  const noun = isGitHub
    ? ['pr', 'create', '--head', branch]
    : ['mr', 'create', '--yes', '--source-branch', branch];
  const made = await run(...noun, '--title', title, ...content, ...base, ...draft);
  if (made.code !== 0) throw refused('pr-failed', `${program}: ${made.stderr.trim()}`);
  const [url = null] = /https?:\/\/\S+/.exec(made.stdout.toString('utf8')) ?? [];
  return { url, created: true };
}

/** Both hosts print a list; GitLab names its numbers otherwise. */
function openOnes(printed: string): { number: number; url: string | null }[] {
  let list: unknown;
  try {
    list = JSON.parse(printed.trim() === '' ? '[]' : printed);
  } catch {
    return [];
  }
  if (!Array.isArray(list)) return [];
  return (list as Record<string, unknown>[]).flatMap((each) => {
    const number = each['number'] ?? each['iid'];
    const url = each['url'] ?? each['web_url'];
    if (typeof number !== 'number') return [];
    return [{ number, url: typeof url === 'string' ? url : null }];
  });
}

function titleOf({ state }: RunWork): string {
  const titles = state.plan.roots.map((id) => state.plan.tasks[id]?.title ?? id);
  const shown = titles.join(', ').replace(/\s+/g, ' ').trim();
  return shown === '' ? `The work of run ${state.runId}` : shown.slice(0, 200);
}

/**
 * Results first, then what was asked and answered. What agents said is fenced: a host reads names in a text, and words such
 * as "Fixes #1" or "/merge", as said by whoever opens the pull request.
 */
function bodyOf({ state, paths }: RunWork): string {
  const results = [...state.instances.values()].flatMap(
    ({ instance_id: id, task_id: task, workspace }) => {
      if (!workspace?.commit) return [];
      const file = path.join(paths.publishedDir(id), 'final.md');
      const read = readForeignText(file, { below: paths.root, maxBytes: MAX_RESULT_BYTES });
      const { files, insertions, deletions } = workspace.commit;
      const said = read.ok ? quoted(read.text.trim().slice(0, SHOWN_RESULT)) : '';
      const facts = `${files} files, +${insertions} -${deletions}`;
      return [
        [`### ${oneLine(state.plan.tasks[task]?.title ?? task)}`, facts, said]
          .filter(Boolean)
          .join('\n\n'),
      ];
    },
  );
  const questions = [...state.interrupts.values()].flatMap(({ interrupt, reply }) =>
    reply === null ? [] : [quoted(`${interrupt.question.trim()}\n\n${reply.text.trim()}`)],
  );
  const sections = [
    `The work of codex-orch run ${state.runId}.`,
    ...(results.length > 0 ? ['## What was done', ...results] : []),
    ...(questions.length > 0 ? ['## Questions and answers', ...questions] : []),
  ];
  return `${sections.join('\n\n')}\n`;
}

/** Nothing where there is nothing. */
function quoted(text: string): string {
  const plain = plainText(text).trim();
  return plain === '' ? '' : fenced(plain);
}

function refused(code: string, message: string, hint?: string): Refusal {
  return new Refusal(code, message, {
    exit: ExitStatus.failed,
    ...(hint === undefined ? {} : { hint }),
  });
}
