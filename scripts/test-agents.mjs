// Installs the agents that tests run and that may not be handed on with this repository, or are too large for it, outside
// of it. Prints what to set for the tests to find them, one NAME=value a line; what cannot be had here is said on standard error, and is
// no error: its tests then say that it is missing.
//
//   node scripts/test-agents.mjs        export what it prints, or install the agents on PATH yourself
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

/** The versions that docs/agents/ names. */
const agents = [
  {
    name: '@anthropic-ai/claude-code',
    version: '2.1.332',
    program: 'claude',
    variable: 'CODEX_ORCH_CLAUDE_BIN',
    // It puts its program in place of one that only says that it is not there.
    then: 'node_modules/@anthropic-ai/claude-code/install.cjs',
  },
  // 457 MB, with a Codex of its own in it: devDependencies are installed by everybody.
  {
    name: '@agentclientprotocol/codex-acp',
    version: '2.6.0',
    program: 'codex-acp',
    variable: 'CODEX_ORCH_TEST_CODEX_ACP',
  },
  // 292 MB, and the Claude Code in it may not be handed on.
  {
    name: '@agentclientprotocol/claude-agent-acp',
    version: '0.49.0',
    program: 'claude-agent-acp',
    variable: 'CODEX_ORCH_TEST_CLAUDE_AGENT_ACP',
  },
];

const cache = path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'codex-orch');

for (const { name, version, program, variable, then } of agents) {
  if (process.env[variable]) {
    console.log(`${variable}=${process.env[variable]}`);
    continue;
  }
  const prefix = path.join(cache, `${program}-${version}`);
  const file = path.join(prefix, 'node_modules', '.bin', program);
  if (!works(file)) {
    mkdirSync(prefix, { recursive: true });
    writeFileSync(path.join(prefix, 'package.json'), '{"private":true}\n');
    run('npm', ['install', '--no-save', '--no-audit', '--no-fund', `${name}@${version}`], prefix);
    if (then && existsSync(path.join(prefix, then))) run(process.execPath, [then], prefix);
  }
  if (works(file)) console.log(`${variable}=${file}`);
  else console.error(`*** ${name}@${version} cannot be installed here: its tests will be skipped`);
}

function run(command, args, cwd) {
  spawnSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'], timeout: 300_000 });
}

function works(file) {
  return spawnSync(file, ['--version'], { timeout: 60_000 }).status === 0;
}
