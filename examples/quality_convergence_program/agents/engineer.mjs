// Stands in for a coding agent: it reads what it was given, really edits the workspace, and leaves what
// the task asks for. What it knows about mending is the table below.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const attemptDir = process.env.CODEX_ORCH_ATTEMPT_DIR;
const refs = path.join(attemptDir, 'context/refs');
const readRef = (file) => JSON.parse(readFileSync(path.join(refs, file), 'utf8'));
const diff = () => execFileSync('git', ['diff'], { encoding: 'utf8' });

const mends = {
  'runs of separators become one dash': {
    from: '/[^a-z0-9]/g',
    to: '/[^a-z0-9]+/g',
    why: 'every separator became a dash of its own; a run of them becomes one',
  },
  'accents are dropped': {
    from: '.toLowerCase()',
    to: ".normalize('NFD')\n    .replace(/\\p{M}/gu, '')\n    .toLowerCase()",
    why: 'accented letters counted as separators; they lose their accents first',
  },
  'no dash at either end': {
    from: "'-');",
    to: "'-')\n    .replace(/^-|-$/g, '');",
    why: 'white space around the title left dashes at the ends; they are cut off',
  },
};

if (process.env.CODEX_ORCH_TASK_ID === 'quality_attempt') mendOne();
else sumUp();

function mendOne() {
  const focus = readRef('inputs/focus.json');
  const failing =
    focus.iteration > 0
      ? focus.failing
      : readRef('deps/baseline_run/artifacts/result.json').failing;
  const name = failing.find((each) => each in mends);
  if (name === undefined) {
    console.error(`I do not know how to mend: ${failing.join('; ') || '(nothing fails)'}`);
    process.exit(1);
  }
  const { from, to, why } = mends[name];
  const file = 'src/slug.js';
  writeFileSync(file, readFileSync(file, 'utf8').replace(from, () => to));
  writeFileSync(path.join(attemptDir, 'changes.patch'), diff());
  console.log(`Mended "${name}" in ${file}: ${why}.`);
}

function sumUp() {
  const { control, notes } = readRef('deps/acceptance_gate/result.json');
  console.log(`# ${control.labels[0]}\n`);
  if (notes) console.log(`${notes}\n`);
  console.log(`The change, as it was looked at:\n\n\`\`\`diff\n${diff().trimEnd()}\n\`\`\``);
  const criteria = path.join(refs, 'inputs/acceptance_criteria.txt');
  if (existsSync(criteria)) console.log(`\nCriteria:\n\n${readFileSync(criteria, 'utf8').trimEnd()}`);
}
