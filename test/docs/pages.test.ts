/** The pages of the documents, run as written: see page-session.ts. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testDirectory } from '../support/built-program.ts';
import { codexHome, sandboxProblem } from '../support/codex.ts';
import { startModelServer, type ModelServer, type ModelStep } from '../support/model-server.ts';
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
  README: [
    {
      exec:
        'codex-orch interrupt create --audience human --kind approval --decision-kind review ' +
        '--question "Run the tests in parallel, and share the fixtures. Approved?"',
      args: { yield_time_ms: 20_000 },
    },
    { text: 'Asked.' },
    { text: 'The plan: run the tests in parallel.' },
    { text: 'The tests run in parallel.' },
  ],
  'docs/tutorial': [
    { exec: "sed -i '2s/.*/We build a kettle./' plan.md" },
    { text: 'Wrote what we build.' },
    { exec: "sed -i '3s/.*/It is for people who drink tea./' plan.md" },
    { text: 'Wrote who it is for.' },
  ],
  'docs/how-to/review-proposals': [
    {
      text: JSON.stringify({
        resolution_kind: 'auto_reply',
        answer: 'Call it draw_page.',
        rationale: 'Functions are verbs.',
        confidence: 'high',
        citations: ['naming.md'],
        payload: null,
        proposed_updates: [
          {
            kind: 'managed_asset_update',
            summary: 'Say how words are joined',
            rationale: 'The rules do not say it.',
            suggested_content_mode: 'full_replacement',
            suggested_content: 'Functions are verbs.\nWords are joined by underscores.\n',
            target: {
              role_id: 'namer',
              managed_asset_path: 'naming.md',
              task_id: null,
              routing_section: null,
              program_asset_path: null,
            },
          },
        ],
      }),
    },
  ],
};

const pages = [
  'README',
  'docs/tutorial',
  'docs/migrating',
  'docs/how-to/let-it-run-overnight',
  'docs/how-to/prove-that-it-is-done',
  'docs/how-to/recover-a-stuck-run',
  'docs/how-to/review-proposals',
  'docs/how-to/run-agents-in-parallel',
  'docs/how-to/run-in-ci',
  'docs/how-to/use-a-deterministic-gate',
  'docs/how-to/write-result-schemas',
];

const markdown = [
  '.',
  'docs',
  'docs/agents',
  'docs/how-to',
  ...readdirSync('examples').map((e) => `examples/${e}`),
]
  .flatMap((folder) => readdirSync(folder).map((name) => path.join(folder, name)))
  .filter((file) => file.endsWith('.md'));

describe('the documents', () => {
  it.each(markdown)('%s links to what is there', (file) => {
    const text = readFileSync(file, 'utf8').replaceAll(/^```[^]*?^```$/gm, '');
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '');
    const missing = targets
      .filter((target) => !/^(https?:|#)/.test(target))
      .filter((target) => !existsSync(path.join(path.dirname(file), target.replace(/#.*/, ''))));
    expect(missing).toEqual([]);
  });

  it.each(pages)('%s does what it says', { timeout: 240_000 }, async (name) => {
    const home = path.join(root, path.basename(name));
    // The repository that the README speaks of.
    mkdirSync(path.join(home, 'code', 'my-repository'), { recursive: true });
    await server.script(answers[name] ?? [], { text: 'Done.' });
    const codex = problem === null ? codexHome(`${home}.codex`, server.port) : null;
    expect(await runPage(path.resolve(`${name}.md`), home, codex)).toEqual([]);
  });
});
