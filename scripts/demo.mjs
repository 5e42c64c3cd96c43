// `npm run demo`: the main job, with nothing to install or log in to. Makes a repository with failing
// tests, runs the quality-convergence example on it until a person is asked, and says what happened.
// `npm run demo -- --codex` lets your own Codex CLI do the engineering, `-- --claude` your own Claude Code; `--dir DIR`
// puts it elsewhere.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const cli = path.join(root, 'dist', 'main.js');
const { values: choices } = parseArgs({
  options: {
    codex: { type: 'boolean', default: false },
    claude: { type: 'boolean', default: false },
    dir: { type: 'string' },
  },
});
const color = process.stdout.isTTY && !process.env.NO_COLOR;
const bold = (text) => (color ? `\u001b[1m${text}\u001b[22m` : text);
const dim = (text) => (color ? `\u001b[2m${text}\u001b[22m` : text);
const say = (text = '') => console.log(text);

if (!existsSync(cli)) {
  console.error('error: dist/main.js is missing\nhint: npm run build');
  process.exit(2);
}

// Each demo gets a directory of its own; earlier ones stay to be looked at.
const demos = path.resolve(choices.dir ?? path.join(root, 'demo'));
mkdirSync(demos, { recursive: true });
const number = 1 + Math.max(0, ...readdirSync(demos).map(Number).filter(Number.isInteger));
const here = path.join(demos, String(number));
const program = path.join(here, 'program');
const repo = path.join(here, 'repo');
cpSync(path.join(root, 'examples', 'quality_convergence_program'), program, { recursive: true });
renameSync(path.join(program, 'repo'), repo);
writeFileSync(path.join(program, 'inputs', 'repo_workspace.txt'), '../repo\n');
for (const backend of ['codex', 'claude']) {
  if (choices[backend]) engineerWith(backend, path.join(program, 'project.yaml'));
}
const git = (...words) =>
  execFileSync('git', ['-c', 'user.name=demo', '-c', 'user.email=demo@example.invalid', ...words], {
    cwd: repo,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
git('init', '-q');
git('add', '.');
git('commit', '-qm', 'A small library with failing tests');

/** As one would type it: the shorter of relative and absolute, quoted where a shell needs that. */
const show = (file) => {
  const relative = path.relative(process.cwd(), file) || '.';
  const name = relative.length <= file.length ? relative : file;
  return /^[\w@%+=:,./-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
};
say(bold('1. A repository with failing tests'));
say(`   ${show(repo)}`);
say(bold('2. A program that mends it until a person accepts'));
say(`   ${show(program)}  ${dim('(plain files: project.yaml, tasks/, prompts/)')}`);
say(dim('   baseline_run → quality_attempt ⇄ quality_loop_gate → acceptance_gate → summary'));
say(bold('3. The run'));
say(dim(`   $ codex-orch run start ${show(program)} --root acceptance_gate`));
const run = orch('run', 'start', program, '--root', 'acceptance_gate');
say();
if (run.status === 3) tellWaiting();
else {
  if (run.status === 0) say('The run is done.');
  else if (existsSync(path.join(program, '.runs'))) {
    say('The run did not come to its question. Why:');
    orch('run', 'explain', program, 'latest');
  }
  process.exit(run.status ?? 1);
}

function tellWaiting() {
  const [question] = JSON.parse(
    execFileSync(
      process.execPath,
      [cli, 'inbox', 'list', program, '--audience', 'human', '--unresolved-only', '--json'],
      { encoding: 'utf8' },
    ),
  );
  const { interrupt_id: id, run_id: runId } = question.interrupt;
  const runDir = path.join(program, '.runs', runId);
  say(bold('4. What happened'));
  say(
    '   The baseline run found the failing tests. The loop mended one of them in each iteration,',
  );
  say('   and stopped when all passed. Then it asked a person, and now it waits: no process runs.');
  say();
  say(bold('5. Where it lies'));
  say(`   the change so far   git -C ${show(repo)} diff`);
  say(`   the log of the run  ${show(path.join(runDir, 'events.jsonl'))}`);
  say(`   each attempt        ${show(path.join(runDir, 'instances'))}/*/attempts/`);
  say();
  say(bold('6. What to type next'));
  const npx = `node ${show(cli)}`;
  say(`   read the question   ${npx} inbox show ${show(program)} ${id}`);
  say(`   accept the work     ${npx} inbox reply ${show(program)} ${id} --text accept \\`);
  say(`                         --payload-json '{"decision": "accept"}' --resume`);
  say(`   or be asked for it  ${npx} inbox reply ${show(program)} ${id} --resume`);
  say(`   or in the browser   ${npx} web ${show(program)}`);
}

function orch(...words) {
  return spawnSync(process.execPath, [cli, ...words], { stdio: 'inherit' });
}

/** Leaves the counting to the deterministic agents, and the engineering to a coding agent. */
function engineerWith(backend, file) {
  const text = readFileSync(file, 'utf8');
  const edited = text.replace(
    /( {2}(?:engineer|acceptance_gate):\n) {4}backend: command\n {4}run: .*\n/g,
    `$1    backend: ${backend}\n`,
  );
  if (edited.split(`    backend: ${backend}\n`).length !== 3)
    throw new Error(`${file}: not as expected`);
  writeFileSync(file, edited);
}
