/** The start form's choice about uncommitted changes, in a real browser, to what agents then find in their trees. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeRepository, type MadeRepository } from '../git/made-repository.ts';
import { testDirectory, writeFiles } from '../support/built-program.ts';
import { browse, browserTest, findChromium, leave, type Browsing } from './browser.ts';
import { serveProgram, type ServedProgram } from './served-program.ts';

const chromium = findChromium();

describe.skipIf(chromium === null)('the start form of a program with trees', browserTest, () => {
  let directory: string;
  let program: string;
  let repo: MadeRepository;
  let browsing: Browsing;
  let served: ServedProgram;

  beforeAll(async () => {
    directory = testDirectory('uncommitted');
    program = path.join(directory, 'program');
    repo = makeRepository();
    repo.write('a', 'committed\n');
    repo.commit('first');
    writeFiles(program, {
      'project.yaml': {
        ...{ name: 'Trees', workspace: repo.dir, isolation: 'tree', default_agent: 'shell' },
        agents: { shell: { backend: 'command' } },
      },
      'tasks/look.yaml': {
        ...{ id: 'look', title: 'Look around', status: 'ready', publish: ['final.md'] },
        run: 'cat a; ls',
      },
    });
    served = await serveProgram(program);
    browsing = await browse(chromium ?? '', directory);
    await browsing.signIn(served);
  });

  afterAll(() => leave(browsing, served, directory, repo.dir));

  it.each([
    ['Take uncommitted changes along', 'changed\na\nnew\n'],
    ['Leave them out', 'committed\na\n'],
  ])('asks where there are any, and obeys: %s', async (choice, found) => {
    writeFileSync(path.join(repo.dir, 'a'), 'changed\n');
    writeFileSync(path.join(repo.dir, 'new'), 'new\n');
    const status = (): string =>
      execFileSync('git', ['status', '--porcelain'], { cwd: repo.dir, encoding: 'utf8' });
    const before = status();
    const page = await browsing.open();
    await page.goto(`${served.url}/start?root=look`);
    const start = page.getByRole('button', { name: 'Start', exact: true });
    await start.click();
    // Nothing is chosen for the person.
    const answer = page.getByRole('radio', { name: choice });
    await answer.waitFor();
    expect(await page.getByRole('radio', { checked: true }).count()).toBe(0);
    expect(page.url()).toContain('/start');
    await answer.check();
    await start.click();
    await page.waitForURL(/\/runs\/\d{14}-/);
    const run = path.basename(new URL(page.url()).pathname);
    await page.getByText('Done', { exact: true }).first().waitFor();
    const instances = path.join(program, '.runs', run, 'instances');
    const [instance = ''] = readdirSync(instances);
    const final = path.join(instances, instance, 'published/final.md');
    expect(readFileSync(final, 'utf8').trim()).toBe(found.trim());
    expect(status()).toBe(before);
    // The server has refused to start without an answer; that is all the browser may complain of.
    const complaints = browsing.complaints.splice(0);
    expect(complaints.filter((each) => !/status of 4\d\d/.test(each))).toEqual([]);
    await page.close();
  });
});
