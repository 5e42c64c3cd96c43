// Ends a test run with one plain line that any script can read: `N passed, N failed, N skipped`. The files in which
// something failed are written, a line each, to the file that CODEX_ORCH_FAILED_FILES names.
import { writeFileSync } from 'node:fs';
import path from 'node:path';

export default class TallyReporter {
  onTestRunEnd(modules, unhandled) {
    const tally = { passed: 0, failed: 0, skipped: 0 };
    const failed = new Set();
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const state = test.result().state;
        tally[state === 'pending' ? 'skipped' : state] += 1;
      }
      if (module.errors().length > 0) tally.failed += 1;
      if (!module.ok()) failed.add(path.relative(process.cwd(), module.moduleId));
    }
    // An error that belongs to no file leaves the list empty.
    const list = process.env['CODEX_ORCH_FAILED_FILES'];
    if (list) writeFileSync(list, unhandled.length > 0 ? '' : [...failed].join('\n'));
    process.stdout.write(
      `\n${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped\n`,
    );
  }
}
