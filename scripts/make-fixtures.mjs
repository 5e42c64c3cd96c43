// Made the runs in test/fixtures/format-1: real runs of the programs that lie there, by a build of this
// tree and the pinned Codex CLI with the scripted model server of the tests. They are kept as they are, so
// that later versions can show that they read what this one wrote: do not make them again. A new format
// gets a folder of its own.
//
// What a run records of its place must not tell of the machine: it works in PLACE, under a host name that
// means nothing.
//
//   npm run build && unshare --uts sh -c 'hostname fixture && node scripts/make-fixtures.mjs [name…]'
import { execFile, execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

const PLACE = '/srv/codex-orch-fixture';
const kept = path.resolve('test/fixtures/format-1');
const entry = path.join(PLACE, 'app', 'main.js');

rmSync(PLACE, { recursive: true, force: true });
mkdirSync(path.join(PLACE, 'bin'), { recursive: true });
cpSync('dist', path.join(PLACE, 'app'), { recursive: true });
symlinkSync(path.resolve('node_modules/.bin/codex'), path.join(PLACE, 'bin', 'codex'));
const server = spawn(process.execPath, ['test/support/model-server.mjs'], {
  env: { PORT: '0' },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const port = await new Promise((resolve) =>
  createInterface({ input: server.stdout }).once('line', (line) => resolve(JSON.parse(line).port)),
);

const recipes = {
  async done(run) {
    await run('preset apply note --var name=wren --overwrite');
    const inputs = '--input mood=calm --input-json sizes=[4,5]';
    await run(`run start --root publish --label nightly ${inputs}`);
  },
  controllers: (run) => run('run start --root gate'),
  'loop-limit': (run) => run('run start --root gate', 1),
  async failed(run) {
    const roots = ['after-flaky', 'after-broken', 'beside'].map((id) => `--root ${id}`).join(' ');
    await run(`run start ${roots}`, 1);
  },
  waiting: (run) => run('run start --root admire --root mow', 3),
  async answered(run, at) {
    await run('run start --root admire --root mow', 3);
    const { directory, id } = question(at);
    const reply = { text: 'Take blue.', payload: { colour: 'blue' } };
    writeFileSync(path.join(directory, 'inbox/replies', `${id}.json`), JSON.stringify(reply));
  },
  /** The engine, and the agent that works on the answer, end as in a power cut. */
  async killed(run, at) {
    await run('run start --root admire --root mow', 3);
    const { directory, id } = question(at);
    const payload = '{"colour":"red","coats":2}';
    const words = ['inbox', 'reply', id, '--text', 'Take red.', '--payload-json', payload];
    const engine = spawn(process.execPath, [entry, ...words, '--resume'], {
      ...surroundings(at),
      detached: true,
      stdio: 'ignore',
    });
    const instance = readdirSync(path.join(directory, 'instances')).find((name) =>
      name.startsWith('paint-'),
    );
    const attempt = path.join(directory, 'instances', instance, 'attempts/0002');
    const record = path.join(attempt, 'runtime.json');
    await until(() => existsSync(record));
    const { pid } = JSON.parse(readFileSync(record, 'utf8'));
    const ended = new Promise((resolve) => engine.once('exit', resolve));
    process.kill(-engine.pid, 'SIGKILL');
    process.kill(-pid, 'SIGKILL');
    await ended;
  },
  async aborted(run, at) {
    await run('run start --root later --no-wait');
    const [id] = readdirSync(path.join(at, '.runs'));
    const log = path.join(at, '.runs', id, 'events.jsonl');
    await until(() => readFileSync(log, 'utf8').includes('"attempt_started"'));
    await run('run abort latest');
  },
  async assistant(run, at) {
    await run('run start --root name-it', 3);
    await run('inbox worker --once');
    const [id] = readdirSync(path.join(at, '.runs'));
    const proposals = readdirSync(path.join(at, '.runs', id, 'proposals')).sort();
    const [first, second] = proposals.map((name) => path.basename(name, '.json'));
    await run(`proposal mark ${first} --status accepted`);
    await run(`proposal mark ${second} --status rejected --note superfluous`);
  },
  async handoff(run) {
    await run('run start --root party', 3);
    await run('inbox worker --once');
  },
  'codex-done': (run) => run('run start --root read'),
  'codex-waiting': (run) => run('run start --root admire', 3),
};

const withSessions = new Set(['failed', 'codex-done', 'codex-waiting']);

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(recipes);
try {
  for (const name of names) {
    const at = path.join(PLACE, name);
    const target = path.join(kept, name);
    cpSync(target, at, {
      recursive: true,
      filter: (from) => !/\/(\.runs|\.codex-orch|codex-home)$/.test(from),
    });
    mkdirSync(path.join(at, 'codex-home'));
    writeFileSync(path.join(at, 'codex-home/config.toml'), codexConfig());
    writeFileSync(path.join(at, 'codex-home/instructions.md'), 'Work.\n');
    await recipes[name]((line, code = 0) => codexOrch(at, line.split(' '), code), at);
    rmSync(target, { recursive: true });
    // Of what Codex keeps, only the conversations that a resume goes on with; git keeps no empty folders.
    const sessions = path.join(at, 'codex-home', 'sessions');
    const isKept = (from) =>
      !from.includes('/codex-home') || (withSessions.has(name) && within(from, sessions));
    cpSync(at, target, { recursive: true, filter: isKept });
    execFileSync('find', [target, '-type', 'd', '-empty', '-delete']);
  }
} finally {
  server.kill();
}

/** Whether one of the two lies in the other. */
function within(a, b) {
  return `${a}/`.startsWith(`${b}/`) || `${b}/`.startsWith(`${a}/`);
}

function surroundings(at) {
  return {
    cwd: at,
    env: {
      PATH: `${PLACE}/bin:/usr/local/bin:/usr/bin:/bin`,
      HOME: path.join(PLACE, 'home'),
      LANG: 'C.UTF-8',
      CODEX_HOME: path.join(at, 'codex-home'),
      TEST_MODEL_KEY: 'test-key',
    },
  };
}

function codexOrch(at, words, expected) {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [entry, ...words], surroundings(at), (error, _stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      if (code === expected) resolve();
      else reject(new Error(`${at}: ${words.join(' ')} ended with ${code}: ${stderr}`));
    });
  });
}

/** The run at `at`, and the only question that it waits for. */
function question(at) {
  const [run] = readdirSync(path.join(at, '.runs'));
  const directory = path.join(at, '.runs', run);
  const [name] = readdirSync(path.join(directory, 'inbox/interrupts'));
  return { directory, id: path.basename(name, '.json') };
}

async function until(look) {
  while (!look()) await new Promise((resolve) => setTimeout(resolve, 20));
}

function codexConfig() {
  return `model = "test-model"
model_provider = "local"
model_instructions_file = "instructions.md"
check_for_update_on_startup = false
[analytics]
enabled = false
[features]
plugins = false
[skills.bundled]
enabled = false
[model_providers.local]
name = "local"
base_url = "http://127.0.0.1:${port}/v1"
env_key = "TEST_MODEL_KEY"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 1
stream_idle_timeout_ms = 3000
`;
}
