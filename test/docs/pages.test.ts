/** The pages of the documents, run as written: see page-session.ts. */
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testDirectory } from '../support/built-program.ts';
import {
  codexHome,
  sandboxProblem,
  startModelServer,
  type ModelServer,
  type ModelStep,
} from '../support/codex.ts';
import { runPage } from './page-session.ts';

const root = testDirectory('docs');
afterAll(() => rmSync(root, { recursive: true, force: true }));

const problem = sandboxProblem(path.join(root, 'probe-home'));
if (problem !== null) {
  process.stderr.write(`\n*** NOT RUN with Codex: its sandbox does not run here: ${problem}\n\n`);
}
let server: ModelServer;
beforeAll(async () => {
  server = await startModelServer();
});
afterAll(() => server.stop());

/** What the model answers on a page, in order. */
const answers: Record<string, ModelStep[]> = {
  'docs/tutorial': [
    { exec: "sed -i '2s/.*/We build a kettle./' plan.md" },
    { text: 'Wrote what we build.' },
    { exec: "sed -i '3s/.*/It is for people who drink tea./' plan.md" },
    { text: 'Wrote who it is for.' },
  ],
};

const pages = ['docs/tutorial'];

describe('the documents', () => {
  it.each(pages)('%s does what it says', { timeout: 240_000 }, async (name) => {
    const home = path.join(root, path.basename(name));
    mkdirSync(home);
    await server.script(answers[name] ?? [], { text: 'Done.' });
    const codex = problem === null ? codexHome(`${home}.codex`, server.port) : null;
    expect(await runPage(path.resolve(`${name}.md`), home, codex)).toEqual([]);
  });
});
