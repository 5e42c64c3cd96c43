// Writes dist/lib/program.js.compiled: what V8 made of the program while it ran the commands below. See src/start.ts,
// which uses it where it fits; without it a start takes longer, and nothing else.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import v8 from 'node:v8';
import { Script } from 'node:vm';

/** Each goes on with what V8 made of the ones before. */
const commands = [
  ['run', 'start', '.', '--root', 'last', '--json'],
  ['project', 'validate', '.'],
  ['task', 'list', '.'],
  ['run', 'list', '.'],
  ['run', 'show', '.', 'latest', '--json'],
  ['run', 'show', '.', 'latest'],
  ['inbox', 'list', '.'],
];

/** `out`: the directory of a build that can run. */
export async function compileAhead(out) {
  const file = path.resolve(out, 'lib', 'program.js');
  const temporary = `${file}.${process.pid}.tmp`;
  const directory = mkdtempSync(path.join(tmpdir(), 'codex-orch-build-'));
  try {
    writeProgram(directory);
    for (const words of commands) {
      const stage = [fileURLToPath(import.meta.url), file, temporary, ...words];
      const env = {
        PATH: process.env.PATH,
        HOME: directory,
        CODEX_ORCH_ENTRY: path.resolve(out, 'main.js'),
      };
      const ended = spawnSync(process.execPath, stage, { cwd: directory, env, encoding: 'utf8' });
      if (ended.status !== 0) throw new Error(`${words.join(' ')}: ${ended.stdout}${ended.stderr}`);
    }
    renameSync(temporary, `${file}.compiled`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
    rmSync(temporary, { force: true });
  }
}

/** Two tasks, a loop and a schema: what most runs go through. */
function writeProgram(directory) {
  const refs = '"$CODEX_ORCH_ATTEMPT_DIR/context/refs/inputs/again.json"';
  const control = { mode: 'loop', continue_targets: ['first'], stop_targets: ['last'] };
  const files = {
    'project.yaml':
      'name: p\nworkspace: .\ndefault_agent: shell\nuser_inputs: { again: inputs/again.json }\n',
    'inputs/again.json': 'true',
    'schemas/gate.json': JSON.stringify({ type: 'object', required: ['control'] }),
    'tasks/first.yaml': 'id: first\ntitle: First\nstatus: ready\nrun: ":"\n',
    'tasks/gate.yaml': [
      'id: gate\ntitle: Gate\nstatus: ready\nkind: controller\nresult_schema: schemas/gate.json',
      'depends_on: [{ task: first, kind: context, consume: [final.md] }]',
      'compose: [{ kind: ref, ref: inputs.again }, { kind: ref, ref: deps.first.artifacts.final.md }]',
      `control: ${JSON.stringify(control)}`,
      `run: |\n  test "$(cat ${refs})" = true && a='"continue", "next_inputs": {"again": false}' || a='"stop"'`,
      `  echo "{\\"control\\": {\\"kind\\": \\"loop\\", \\"action\\": $a}}" >"$CODEX_ORCH_ATTEMPT_DIR/result.json"\n`,
    ].join('\n'),
    'tasks/last.yaml':
      'id: last\ntitle: Last\nstatus: ready\nrun: ":"\ndepends_on: [{ task: gate, kind: order }]\n',
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(directory, name)), { recursive: true });
    writeFileSync(path.join(directory, name), text);
  }
}

/** In a process of its own: runs the program, and keeps what V8 made of it. */
function runStage([file, compiled, ...words]) {
  const source = readFileSync(file, 'latin1');
  const cachedData = existsSync(compiled) ? readFileSync(compiled).subarray(32) : undefined;
  const script = new Script(Module.wrap(source), { filename: file, cachedData });
  if (script.cachedDataRejected) throw new Error(`${words.join(' ')}: V8 refuses its own work`);
  // It refuses what was made under other flags, so the program sets none. What ran once is to be there at the end.
  const { setFlagsFromString } = v8;
  v8.setFlagsFromString = () => undefined;
  setFlagsFromString('--no-flush-bytecode');
  process.argv = [process.execPath, process.env.CODEX_ORCH_ENTRY, ...words];
  process.on('exit', () => {
    setFlagsFromString('--flush-bytecode');
    const rest = script.createCachedData();
    const name = source.slice(0, source.indexOf('\n'));
    const sum = createHash('sha256').update(name).update(rest).digest();
    writeFileSync(compiled, Buffer.concat([sum, rest]));
  });
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(file), module, file, path.dirname(file));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) runStage(process.argv.slice(2));
