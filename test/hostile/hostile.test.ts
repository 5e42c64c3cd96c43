/**
 * A hostile worker in Codex's own sandbox, without a model, as read-only and as workspace-write attempts have it:
 * whatever it tries, it spoils its own instance at most. docs/security.md says what is promised.
 */
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { cases } from '../support/cases.ts';
import { codexOrch, testDirectory, writeFiles } from '../support/built-program.ts';
import { codexProgram, sandboxProblem } from '../support/codex.ts';

const root = testDirectory('hostile');
const codexHome = path.join(root, 'codex-home');
const problem = sandboxProblem(codexHome);
if (problem !== null) process.stderr.write(`\n*** SKIPPED: no Codex sandbox here: ${problem}\n\n`);
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));

const worker = fileURLToPath(new URL('./worker.mjs', import.meta.url));
const WORKERS = 10;
const rounds = cases({ few: 2, many: 100 });
const timeout = rounds * 120_000;
const first = Number(process.env['CODEX_ORCH_HOSTILE_SEED'] ?? 1);

/** As `codexCommandLine` opens an attempt. */
function inSandbox(base: string, seed: number): string {
  const open = '{\\"$CODEX_ORCH_ATTEMPT_DIR\\"=\\"write\\"}';
  return [
    'mkdir -p "$CODEX_ORCH_ATTEMPT_DIR/scratch"; TMPDIR="$CODEX_ORCH_ATTEMPT_DIR/scratch" exec',
    `"${codexProgram}" sandbox -c 'permissions.orch.extends="${base}"'`,
    `-c "permissions.orch.filesystem=${open}" -P orch --`,
    `"${process.execPath}" "${worker}" ${seed}`,
  ].join(' ');
}

/** What no worker may change, by name: mode and content of all that is the person's. */
function stateOf(directory: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const at = path.join(entry.parentPath, entry.name);
    const name = path.relative(directory, at);
    if (/^(\.runs|\.codex-orch|ws)(\/|$)/.test(name)) continue;
    const content = entry.isFile()
      ? createHash('sha256').update(readFileSync(at)).digest('hex')
      : '';
    found[name] = `${lstatSync(at).mode.toString(8)} ${content}`;
  }
  return found;
}

describe.skipIf(problem !== null)('a hostile worker in its sandbox', () => {
  it.each([':read-only', ':workspace'])(
    '%s: spoils its own instance at most',
    { timeout },
    async (base) => {
      for (let round = 0; round < rounds; round += 1) {
        const seed =
          first * 1_000_003 + round * WORKERS * 2 + (base === ':workspace' ? WORKERS : 0);
        const dir = path.join(root, `${base.slice(1)}-${round}`);
        mkdirSync(dir);
        const files: Record<string, unknown> = {
          'project.yaml': {
            ...{ name: 'p', workspace: 'ws', default_agent: 'shell', max_concurrency: 4 },
            ...{ node_wall_timeout_sec: 20, node_terminate_grace_sec: 1 },
          },
          'ws/README.md': 'ws',
          'outside/canary.txt': 'alive',
          'schemas/loop.json': { $ref: '#' },
          'tasks/good.yaml': {
            ...{ id: 'good', title: 'good', status: 'ready', publish: ['result.json'] },
            run: 'echo \'{"ok": true}\' > "$CODEX_ORCH_ATTEMPT_DIR/result.json"',
          },
        };
        const evil = Array.from({ length: WORKERS }, (_, index) => `evil-${index}`);
        for (const [index, id] of evil.entries()) {
          files[`tasks/${id}.yaml`] = {
            ...{ id, title: id, status: 'ready', run: inSandbox(base, seed + index) },
            publish: ['final.md', 'report.md'],
          };
        }
        writeFiles(dir, files);
        const env = { CODEX_HOME: codexHome, HOME: path.join(root, 'home') };
        const cli = (...words: string[]) => codexOrch(words, { cwd: dir, env });
        const before = stateOf(dir);
        const said = `seeds ${seed} to ${seed + WORKERS - 1} of ${base}`;

        const start = await cli('run', 'start', '--root', 'good', ...evil);
        expect(start.stderr, said).not.toContain('defect');
        expect([0, 1, 3], `${said}: ${start.stderr}`).toContain(start.code);
        const show = await cli('run', 'show', 'latest', '--json');
        const run = JSON.parse(show.stdout) as {
          id: string;
          aborted: boolean;
          instances: Record<string, { task_id: string; status: string }>;
        };
        expect(run.aborted, said).toBe(false);
        const good = Object.values(run.instances).find((each) => each.task_id === 'good');
        expect(good?.status, said).toBe('done');
        expect(Object.values(run.instances), said).toHaveLength(WORKERS + 1);
        const log = readFileSync(path.join(dir, '.runs', run.id, 'events.jsonl'), 'utf8');
        expect(log, said).not.toMatch(/"type":"(interrupt_resolved|run_aborted)"/);
        const asked = log
          .split('\n')
          .filter((line) => line.includes('"type":"interrupt_requested"'));
        for (const line of asked) expect(line, said).not.toContain('"instance_id":"good-');

        for (const words of [
          ['run', 'verify', 'latest'],
          ['inbox', 'list'],
          ['run', 'abort', 'latest'],
        ]) {
          const ended = await cli(...words);
          expect(ended.stderr, `${said}, ${words.join(' ')}`).not.toContain('defect');
          expect(
            ended.code,
            `${said}, ${words.join(' ')}: ${ended.stderr}${ended.stdout}`,
          ).toBeLessThan(4);
        }
        const verified = await cli('run', 'verify', 'latest');
        expect(verified.stdout, said).toContain('sound');
        expect(stateOf(dir), said).toEqual(before);
        rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
      }
    },
  );
});
