/** `unchanged` and `changed`: checks that compare git trees, of what was there before the first attempt and of what is there now. */
import path from 'node:path';
import type { DueCheck } from '../../core/state/checks.ts';
import { instanceOf } from '../../core/state/run-state.ts';
import { makeDirectory, replaceFile } from '../../disk/disk.ts';
import { sha256 } from '../../disk/sha256.ts';
import { changedNames } from '../../git/changes.ts';
import { argvOf, type CheckReceipt } from '../../model/checks.ts';
import { workRange } from '../seen/work-range.ts';
import type { SeeContext } from '../seen/see-work.ts';
import { unrunnable } from './receipt.ts';

const SAID_NAMES = 50;

/** Of a check that runs nothing. */
export async function compareWork(
  context: SeeContext,
  instanceId: string,
  due: DueCheck,
): Promise<CheckReceipt> {
  const { git, paths, state } = context;
  const range = workRange(context, instanceId);
  if (range === null) {
    return unrunnable(
      due,
      'what was there before, or is there now, is not known: the workspace is in no git repository, or git cannot read it',
    );
  }
  const { unchanged = null } = due.spec;
  const globs = unchanged?.map((glob) => `:(top,glob)${range.prefix}${glob}`) ?? null;
  const names = await changedNames(git, range.place, range.from, range.to, globs ?? []);
  const isMet = unchanged === null ? names.length > 0 : names.length === 0;
  const output = names.map((name) => `${name}\n`).join('');
  const { log } = paths.checkPlace(instanceId, instanceOf(state, instanceId).attempt, due);
  makeDirectory(path.dirname(log));
  replaceFile(log, output);
  return {
    index: due.index,
    argv: argvOf(due.spec),
    exit: isMet ? 0 : 1,
    output_sha256: sha256(output),
    tree: range.to,
    ...(isMet ? {} : { said: unchanged === null ? 'nothing was changed' : inWords(names) }),
  };
}

function inWords(names: readonly string[]): string {
  const more = names.length > SAID_NAMES ? [`… and ${names.length - SAID_NAMES} more`] : [];
  return ['changed, and must not be:', ...names.slice(0, SAID_NAMES), ...more].join('\n');
}
