/** The package as users get it: packed, installed for everyone, and used from another directory. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { afterAll, describe, expect, it } from 'vitest';
import { testDirectory, writeFiles } from '../support/built-program.ts';

const run = promisify(execFile);
const root = testDirectory('package');
afterAll(() => rmSync(root, { recursive: true, force: true }));

const npm = (...words: string[]): Promise<{ stdout: string }> =>
  run('npm', [...words, '--loglevel=error'], { maxBuffer: 16 << 20 });

describe('the package', () => {
  it('holds what is needed, and nothing else', async () => {
    const packed = await npm('pack', '--ignore-scripts', '--json', '--pack-destination', root);
    const [{ files }] = JSON.parse(packed.stdout) as [{ files: { path: string }[] }];
    const names = files.map((file) => file.path);
    expect(names.filter((name) => !name.startsWith('dist/')).sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'package.json',
    ]);
    const parts = ['main.js', 'THIRD_PARTY_LICENSES.txt', 'web/index.html', 'web/sign-in.html'];
    expect(names).toEqual(expect.arrayContaining(parts.map((name) => `dist/${name}`)));
    expect(names.filter((name) => /\.(ts|tsx|map|tmp)$/.test(name))).toEqual([]);
    const { messages } = await publint({ pkgDir: path.resolve('.'), strict: true });
    expect(messages).toEqual([]);
  });

  it('names every bundled package with its licence', () => {
    const text = readFileSync('dist/THIRD_PARTY_LICENSES.txt', 'utf8');
    for (const name of ['ajv', 'commander', 'diff', 'hono', 'react', 'yaml', 'smol-toml']) {
      expect(text).toMatch(new RegExp(`^${name} \\d.*\\((MIT|ISC|BSD-3-Clause)\\)$`, 'm'));
    }
  });

  it('works where it is installed, with workers that call it by name', async () => {
    const tarball = readdirSync(root).find((name) => name.endsWith('.tgz')) ?? '';
    const prefix = path.join(root, 'a prefix');
    await npm('install', '--global', '--offline', '--prefix', prefix, path.join(root, tarball));
    const program = path.join(root, 'elsewhere');
    const ask = 'codex-orch interrupt create --audience human --kind question --question Well?';
    mkdirSync(program);
    writeFiles(program, {
      'project.yaml': { name: 'x', workspace: '.' },
      'tasks/ask.yaml': { id: 'ask', title: 'Ask', status: 'ready', agent: 'shell', run: ask },
    });
    const command = path.join(prefix, 'bin', 'codex-orch');
    // A PATH on which codex-orch is not.
    const env = { PATH: `${path.dirname(process.execPath)}:/usr/bin:/bin`, HOME: root };
    const at = { cwd: program, env };
    expect((await run(command, ['--version'], at)).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    await expect(run(command, ['run', 'start', '--root', 'ask'], at)).rejects.toMatchObject({
      code: 3,
    });
    expect((await run(command, ['inbox', 'list'], at)).stdout).toContain('status=open');
    expect((await run(command, ['skill', 'list'], at)).stdout).toContain('operate-codex-orch');
  });
});
