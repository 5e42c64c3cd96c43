// Runs the workspace's tests and reports. Shared by the baseline and, as a module, by the loop gate.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** `{passed, failing}` of `node --test` in the current directory. */
export function runTests() {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout } = spawnSync('node', ['--test', '--test-reporter=tap'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    env,
  });
  const results = [...stdout.matchAll(/^ *(not )?ok \d+ - (.*)$/gm)].filter(
    ([, , name]) => !name.endsWith('.js') && !name.includes('# SKIP'),
  );
  const failing = results.filter(([, not]) => not).map(([, , name]) => name);
  return { passed: results.length - failing.length, failing };
}

/** The report as a person reads it. */
export function describe({ passed, failing }) {
  return [
    `${passed} tests pass, ${failing.length} fail.`,
    ...failing.map((name) => `- fails: ${name}`),
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const report = runTests();
  writeFileSync(
    path.join(process.env.CODEX_ORCH_ATTEMPT_DIR, 'result.json'),
    `${JSON.stringify(report, null, 2)}\n`,
  );
  console.log(describe(report));
}
