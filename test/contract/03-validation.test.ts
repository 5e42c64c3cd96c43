/** Section 3 of the contract: `project validate`. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { created, run } from './new-program.ts';

describe('3. Validation', () => {
  it('exits 0, 1 or 2, and reports at file, line and column', async () => {
    const program = await created('validated');
    writeFileSync(
      path.join(program, 'tasks', 'plan.yaml'),
      'id: plan\ntitle: Plan\ncolour: red\nagent: shell\nrun: make\n',
    );
    const warned = await run(['project', 'validate', program]);
    expect(warned.code).toBe(1);
    expect(warned.stdout).toContain(
      'tasks/plan.yaml:3:1: warning task.unknown_field: the field "colour" is unknown and ignored\n',
    );
    writeFileSync(
      path.join(program, 'tasks', 'plan.yaml'),
      'id: plan\nstatus: redy\nagent: shell\nrun: make\n',
    );
    const failed = await run(['project', 'validate', program, '--json']);
    expect(failed.code).toBe(2);
    const report = JSON.parse(failed.stdout) as { errors: { code: string; line: number }[] };
    expect(report).toMatchObject({ ok: false, blocking: true, program_dir: program, warnings: [] });
    expect(report.errors.map(({ code, line }) => [code, line])).toEqual([
      ['task.missing_field', 1],
      ['task.bad_value', 2],
    ]);
  });

  it('says where there is no program', async () => {
    const missing = await run(['project', 'validate', 'nowhere']);
    expect(missing).toMatchObject({ code: 2, stdout: '' });
    expect(missing.stderr).toContain('nowhere');
  });
});
