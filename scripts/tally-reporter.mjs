// Ends a test run with one plain line that any script can read: `N passed, N failed, N skipped`.
export default class TallyReporter {
  onTestRunEnd(modules) {
    const tally = { passed: 0, failed: 0, skipped: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const state = test.result().state;
        tally[state === 'pending' ? 'skipped' : state] += 1;
      }
      if (module.errors().length > 0) tally.failed += 1;
    }
    process.stdout.write(
      `\n${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped\n`,
    );
  }
}
