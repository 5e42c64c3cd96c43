/**
 * Runs the real, pinned Codex CLI against the scriptable model server beside this file: no account, no
 * network. A prompt scripts its own answers: `FAKE:[{"exec":"ls"},{"text":"done"}]` on one line.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const repository = path.resolve(import.meta.dirname, '..', '..');

/** The Codex CLI that package.json pins. */
export const codexProgram = path.join(repository, 'node_modules', '.bin', 'codex');

/**
 * A CODEX_HOME of its own, pointing at the model server. Returns the environment to run Codex with.
 * Analytics and plugins are off: without a route each would delay every exit by seconds.
 */
export function codexHome(
  directory: string,
  port: number,
  extraToml = '',
): { CODEX_HOME: string; CODEX_ORCH_CODEX_BIN: string; TEST_MODEL_KEY: string } {
  mkdirSync(directory, { recursive: true });
  const config = `
model = "test-model"
model_provider = "local"
check_for_update_on_startup = false
${extraToml}
[analytics]
enabled = false

[features]
plugins = false

[model_providers.local]
name = "local"
base_url = "http://127.0.0.1:${port}/v1"
env_key = "TEST_MODEL_KEY"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 1
stream_idle_timeout_ms = 3000
`;
  writeFileSync(path.join(directory, 'config.toml'), config);
  return {
    CODEX_HOME: directory,
    CODEX_ORCH_CODEX_BIN: codexProgram,
    TEST_MODEL_KEY: 'test-key',
  };
}

/**
 * Why Codex's sandbox cannot run on this machine, or null where it can. A test that needs it skips
 * with this reason printed, and never passes in silence.
 */
export function sandboxProblem(directory: string): string | null {
  if (!existsSync(codexProgram)) return `${codexProgram} is not installed`;
  mkdirSync(path.join(directory, 'probe'), { recursive: true });
  const probe = spawnSync(
    codexProgram,
    ['sandbox', '-P', ':workspace', '--', 'sh', '-c', 'touch ./x'],
    {
      cwd: path.join(directory, 'probe'),
      env: { ...process.env, CODEX_HOME: directory },
      encoding: 'utf8',
      timeout: 30_000,
    },
  );
  if (probe.status === 0 && existsSync(path.join(directory, 'probe', 'x'))) return null;
  return `codex sandbox ended with ${probe.status ?? probe.signal}: ${probe.stderr.trim()}`;
}
