import { describe, expect, it } from 'vitest';
import { checkLines } from '../../../src/cli/render/check-lines.ts';
import { makePaint } from '../../../src/cli/render/paint.ts';
import type { RunState } from '../../../src/core/state/run-state.ts';
import type { CheckReceipt } from '../../../src/model/checks.ts';
import { textWidth } from '../../../src/text/width.ts';
import { task } from '../../support/make.ts';
import { ScriptedRun } from '../../core/scripted-run.ts';

const receipt = (exit: number | null, changes: Partial<CheckReceipt> = {}): CheckReceipt => ({
  ...{ index: 0, argv: ['/bin/sh', '-c', 'npm test'], exit, output_sha256: '', tree: null },
  ...changes,
});

/** A run of one instance, whose one attempt has these. */
function lines(checks: CheckReceipt[]): string[] {
  const run = new ScriptedRun([task({ id: 'a' })]);
  run.plan();
  const [instance] = run.state.instances.values();
  const [attempt] = instance?.attempts ?? [];
  if (attempt) attempt.checks = checks;
  return checkLines({
    ...{ state: run.state satisfies RunState, paint: makePaint(false), columns: 60 },
    logOf: (_id, number, { index }) => `checks/${number}/check-${index}.log`,
  });
}

describe('the checks of a run', () => {
  it('are nothing where nothing was checked', () => {
    expect(lines([])).toEqual([]);
  });

  it('say what each came to, and the end of what those that failed have printed', () => {
    const said = Array.from({ length: 9 }, (_, at) => `line ${at}`).join('\n\n');
    const shown = lines([
      receipt(0),
      receipt(3, { index: 1, argv: ['unchanged', 'test/**'], said: `\u001b[31m${said}` }),
      receipt(null, { index: 2, baseline: true, said: 'it took longer than it may' }),
    ]);
    expect(shown.slice(0, 2)).toEqual(['', 'Checks']);
    expect(shown[2]).toMatch(/^ {2}✖ unchanged test\/\*\* {2}exit 3 {2}a-/);
    expect(shown.slice(3, 9)).toEqual([3, 4, 5, 6, 7, 8].map((at) => `      line ${at}`));
    expect(shown[9]).toBe('      checks/1/check-1.log');
    expect(shown[10]).toMatch(/^ {2}✖ npm test {2}did not end, before the first attempt/);
    expect(shown.at(-1)).toMatch(/^ {2}✔ npm test {2}passed {2}a-/);
  });

  it('fit into the line, and are counted where there are many', () => {
    const long = ['/bin/sh', '-c', '測試'.repeat(80)];
    const shown = lines([
      receipt(1, { argv: long, said: 'x'.repeat(500) }),
      ...Array.from({ length: 20 }, (_, at) => receipt(0, { index: at + 1 })),
    ]);
    for (const line of shown) expect(textWidth(line)).toBeLessThanOrEqual(60);
    expect(shown.at(-1)).toBe('  … 9 more checks: 9 passed');
  });
});
