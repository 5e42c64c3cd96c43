/** What on this machine would stop instances from having trees of their own: git, and place and room for trees. */
import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import path from 'node:path';
import { fine, problem, type Finding } from '../../agents/finding.ts';
import { placeIn } from '../../attempt/tree/own-tree.ts';
import { realPathOf } from '../../disk/real-path.ts';
import { gitOf } from '../../git/git.ts';
import { gitVersion, repositoryAt } from '../../git/repository.ts';
import { Refusal } from '../../model/refusal.ts';
import type { World } from '../world.ts';

/** A tree of 20,000 files takes 135 MB. */
const LITTLE_SPACE_BYTES = 2 * 1024 ** 3;
const NO_SPACE_BYTES = 200 * 1024 ** 2;

/** `workspaces`: absolute, of the tasks that have trees; `treesDir`: where these would lie. */
export async function checkForTrees(
  { env, cwd }: Pick<World, 'env' | 'cwd'>,
  workspaces: readonly string[],
  treesDir: string,
): Promise<Finding[]> {
  const git = gitOf(env);
  const findings: Finding[] = [];
  try {
    const version = await gitVersion(git, cwd);
    findings.push(fine('trees.git', `git ${version}, for trees.`));
    for (const workspace of new Set(workspaces.map(realPathOf))) {
      if (!existsSync(workspace)) continue;
      const { topLevel } = await repositoryAt(git, workspace);
      if (placeIn(topLevel, treesDir) === null) continue;
      const message = `Trees would lie in ${treesDir}, inside of the repository ${topLevel}.`;
      findings.push(problem('trees.place', 'error', message, elsewhere));
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const remedy = error.hint ?? 'Set "isolation: none", or mend that.';
    findings.push(problem('trees.git', 'error', error.message, remedy));
  }
  return [...findings, placeFinding(treesDir)];
}

const elsewhere = 'Set "dir" in the section [trees] of config.toml to a directory elsewhere.';

function placeFinding(treesDir: string): Finding {
  let place = treesDir;
  while (!existsSync(place)) place = path.dirname(place);
  try {
    accessSync(place, constants.W_OK);
  } catch {
    return problem('trees.place', 'error', `${place} cannot be written to, for trees.`, elsewhere);
  }
  const { bavail, bsize } = statfsSync(place);
  const free = bavail * bsize;
  const message = `${Math.floor(free / 1024 ** 2)} MiB are free for trees in ${treesDir}.`;
  const remedy = `Free some space there (codex-orch run clean --older-than 7d). ${elsewhere}`;
  if (free < NO_SPACE_BYTES) return problem('trees.place', 'error', message, remedy);
  if (free < LITTLE_SPACE_BYTES) return problem('trees.place', 'warning', message, remedy);
  return fine('trees.place', message);
}
