import { spawn } from 'node:child_process';
import path from 'node:path';
import { expect, it } from 'vitest';
import { temporalProblem } from '../support/temporal-server.ts';

/** Whether the measurements still work; what they measure beside other tests means nothing. */
it('measures every row', { timeout: 300_000 }, async () => {
  const { status, stdout, stderr } = await measured(280_000);
  expect(stderr).toBe('');
  expect(status).toBe(0);
  const rows = stdout.trimEnd().split('\n');
  // Those of the page where Chromium is.
  const ofPage = rows.filter((row) => row.startsWith('| page: '));
  expect([0, 4]).toContain(ofPage.length);
  const ofMachines = rows.filter((row) => /another machine|two workers|between depot/.test(row));
  expect(ofMachines).toHaveLength(temporalProblem() === null ? 3 : 0);
  expect(rows).toHaveLength(40 + ofPage.length + ofMachines.length);
  for (const row of rows)
    expect(row).toMatch(/^\| .+ \| .*[\d.]+ ?(×|ms|µs|MB|kB).* \| .+ \| (met|missed)? ?\|$/);
  expect(rows.at(-1)).toContain('nothing lost');
});

interface Measured {
  /** Of the program; what it was killed by where it took longer than it may. */
  status: number | NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** In a group of processes of its own, of which nothing is left where it takes too long. */
function measured(timeoutMs: number): Promise<Measured> {
  const cwd = path.resolve(import.meta.dirname, '..', '..');
  const bench = spawn(process.execPath, ['scripts/bench.mjs', '--quick'], {
    cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  bench.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
  bench.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  const killAll = (): void => {
    if (bench.pid !== undefined) process.kill(-bench.pid, 'SIGKILL');
  };
  const timer = setTimeout(killAll, timeoutMs);
  return new Promise((resolve, reject) => {
    bench.once('error', reject);
    bench.once('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ status: code ?? signal, stdout, stderr });
    });
  });
}
