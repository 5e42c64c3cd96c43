// A deterministic gate: the tests say whether the loop goes on.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, runTests } from './tester.mjs';

const attemptDir = process.env.CODEX_ORCH_ATTEMPT_DIR;
const focus = JSON.parse(
  readFileSync(path.join(attemptDir, 'context/refs/inputs/focus.json'), 'utf8'),
);
const report = runTests();
const control =
  report.failing.length === 0
    ? { kind: 'loop', action: 'stop' }
    : {
        kind: 'loop',
        action: 'continue',
        next_inputs: { focus: { iteration: focus.iteration + 1, failing: report.failing } },
      };
writeFileSync(
  path.join(attemptDir, 'result.json'),
  `${JSON.stringify({ control, report }, null, 2)}\n`,
);
console.log(describe(report));
