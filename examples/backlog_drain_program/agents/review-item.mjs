// Puts an item before a person, and takes the change back if the person rejects it. It runs twice: the
// run waits in between, at no cost.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { leave, readRef } from './attempt.mjs';

const { item_id: id, notes, change } = readRef('deps/item/artifacts/result.json');
const latest = readRef('runtime/latest_reply.json');
const verdict = latest?.reply.text.trim().toLowerCase();
if (verdict === 'accept' || verdict === 'reject') decide(verdict);
else ask(verdict === undefined ? '' : `"${verdict}" is neither accept nor reject. `);

function ask(preface) {
  const shown =
    change === null
      ? `Skip ${id ?? 'the rest'}? ${notes}.`
      : `${notes}. ${change.page}, line ${change.line}:\n\n- ${change.before}\n+ ${change.after}\n\nMay it stay?`;
  execFileSync(
    'codex-orch',
    [
      ...['interrupt', 'create', '--audience', 'human', '--kind', 'approval'],
      ...['--decision-kind', 'review', '--question', preface + shown],
      ...['--option', 'accept', '--option', 'reject'],
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  console.log('Asked a person; the run waits.');
}

function decide(verdict) {
  if (verdict === 'reject' && change !== null) {
    const lines = readFileSync(change.page, 'utf8').split('\n');
    if (lines[change.line - 1] === change.after) lines[change.line - 1] = change.before;
    writeFileSync(change.page, lines.join('\n'));
  }
  leave({ verdict, notes: latest.reply.rationale ?? '' }, `The person said: ${verdict}.`);
}
