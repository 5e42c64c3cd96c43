// Asks a person, then routes by the answer. It runs twice: the run waits in between, at no cost.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const attemptDir = process.env.CODEX_ORCH_ATTEMPT_DIR;
const read = (file) => readFileSync(path.join(attemptDir, 'context/refs', file), 'utf8');

const latest = JSON.parse(read('runtime/latest_reply.json'));
if (latest === null) ask();
else decide(latest.reply);

function ask() {
  const question = path.join(attemptDir, 'scratch/question.md');
  const patch = read('deps/work/artifacts/changes.patch').trimEnd();
  writeFileSync(
    question,
    [
      'Is this change good enough to be called finished?',
      '',
      read('deps/last_test_run/artifacts/final.md').trimEnd(),
      '',
      'Criteria:',
      '',
      read('inputs/acceptance_criteria.txt').trimEnd(),
      '',
      '```diff',
      patch,
      '```',
    ].join('\n'),
  );
  execFileSync(
    'codex-orch',
    [
      ...['interrupt', 'create', '--audience', 'human', '--kind', 'approval'],
      ...['--decision-kind', 'review', '--question-file', question],
      ...['--option', 'accept', '--option', 'revise', '--option', 'scope'],
      ...['--reply-schema', 'schemas/acceptance-decision.schema.json'],
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  console.log('Asked a person; the run waits.');
}

function decide(reply) {
  // The payload says it; an answer in words alone counts if it is one of the options.
  const decision = reply.payload?.decision ?? reply.text.trim().toLowerCase();
  const control = { kind: 'route', labels: [decision] };
  const notes = reply.payload?.notes ?? reply.text;
  writeFileSync(
    path.join(attemptDir, 'result.json'),
    `${JSON.stringify({ control, notes }, null, 2)}\n`,
  );
  console.log(`The person decided: ${decision}.`);
}
