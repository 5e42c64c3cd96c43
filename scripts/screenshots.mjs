// Takes the pictures of docs/screenshots: makes a program with runs in every state, serves it, and looks at
// each view in Chromium. Needs a build (npm run build) and Chromium (CHROMIUM, or /usr/bin/chromium).
//
//   node scripts/screenshots.mjs [--out DIR] [--all] [--only NAME] [--keep]
//
// --all takes each view in both themes and all sizes; otherwise the selection of docs/web.md.
// --keep leaves the program and goes on serving it until Ctrl-C.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'docs/screenshots' },
    all: { type: 'boolean', default: false },
    only: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const cli = path.join(root, 'dist', 'main.js');
const scratch = path.join(root, '.test-tmp');
mkdirSync(scratch, { recursive: true });
const here = mkdtempSync(path.join(scratch, 'pictures-'));
const program = path.join(here, 'quality');
const repo = path.join(here, 'repo');
const say = (text) => console.error(text);

// What the pictures' program is made of besides the example.
const releaseQuestion = `## How shall we release this?

The change touches **two** public functions:

| function | change |
| --- | --- |
| \`slug(text)\` | keeps the last word whole |
| \`slug(text, options)\` | new option \`maxLength\` |

- [x] tests pass
- [ ] changelog is written

Nothing was removed, so *semantic versioning* would allow a minor version.
`;
const releaseSchema = {
  type: 'object',
  title: 'Release',
  properties: {
    version: {
      type: 'string',
      enum: ['major', 'minor', 'patch'],
      description: 'What the version says about the change.',
    },
    date: { type: 'string', format: 'date', title: 'On which day' },
    announce: {
      type: 'boolean',
      title: 'Announce it',
      description: 'On the mailing list, with the changelog.',
    },
    candidates: {
      type: 'integer',
      minimum: 0,
      maximum: 5,
      title: 'Release candidates',
      default: 1,
    },
    channels: { type: 'array', items: { type: 'string', enum: ['stable', 'next', 'nightly'] } },
    reviewers: { type: 'array', items: { type: 'string' } },
    changelog: {
      type: 'object',
      properties: { headline: { type: 'string', maxLength: 80 }, text: { type: 'string' } },
      required: ['headline'],
    },
  },
  required: ['version', 'announce', 'channels'],
  additionalProperties: false,
};
const preset = `id: review
title: Review a part
description: A look by an agent, and a summary of it.
variables:
  subject: { description: What is looked at, required: true }
  depth: { description: How closely, default: carefully }
tasks:
  - id: review_$subject
    title: Review the $subject
    compose:
      - { kind: literal, text: "Read the $subject $depth." }
  - id: summary_of_$subject
    title: Sum up the review of the $subject
    depends_on: [{ task: review_$subject, kind: context, consume: [final.md] }]
    compose:
      - { kind: ref, ref: deps.review_$subject.artifacts.final.md }
`;
// Stands in for a Codex CLI: plays a session, or answers as an assistant.
const standIn = `#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
const prompt = readFileSync(0, 'utf8');
const say = (event) => console.log(JSON.stringify(event));
const item = (type, id, rest, of = 'item.completed') => say({ type: of, item: { id, type, ...rest } });
const usage = { input_tokens: 48210, cached_input_tokens: 41002, output_tokens: 1873, reasoning_output_tokens: 640 };
say({ type: 'thread.started', thread_id: '0199f3c2-7d1e-7a53-9d0e-5b8e6a1c2f44' });
say({ type: 'turn.started' });
if (prompt.includes('resolution_kind')) {
  const answer = {
    resolution_kind: 'handoff_to_human',
    answer: 'Both names are in use. **maxLength** follows the platform (string.length), **limit** follows our own parser options. I lean to maxLength, but the naming rules leave it to the maintainers.',
    rationale: 'The naming policy asks for platform terms first, and names no exception for parser options.',
    confidence: 'medium',
    citations: ['assistant_roles/policy/preferences.yaml', 'inputs/feature_brief.md'],
    payload: null,
    proposed_updates: [
      {
        kind: 'instruction_update',
        summary: 'Say which names win where platform and parser differ',
        rationale: 'The question will come again with every option that both have. A rule saves asking.',
        suggested_content_mode: 'full_replacement',
        suggested_content: readFileSync(process.env.POLICY_FILE ?? new URL('quality/assistant_roles/policy/instructions.md', import.meta.url), 'utf8').trimEnd() + '\\n\\nWhere the platform and our parser name the same thing differently, prefer the platform.\\n',
        target: { role_id: 'policy' },
      },
    ],
  };
  item('agent_message', 'item_0', { text: JSON.stringify(answer) });
} else {
  item('reasoning', 'item_0', { text: '**Looking for where slugs are cut**' });
  item('todo_list', 'item_1', { items: [{ text: 'Find the code that cuts', completed: false }, { text: 'Write a failing test', completed: false }, { text: 'Report', completed: false }] }, 'item.started');
  item('command_execution', 'item_2', { command: "bash -lc 'grep -rn slice src'", aggregated_output: '', exit_code: null, status: 'in_progress' }, 'item.started');
  await sleep(300);
  item('command_execution', 'item_2', { command: "bash -lc 'grep -rn slice src'", aggregated_output: 'src/slug.js:6:  return words.join("-").slice(0, 40);\\n', exit_code: 0, status: 'completed' });
  item('agent_message', 'item_3', { text: 'The cut is in \`src/slug.js\`: it takes 40 characters **whatever is there**. Two things follow:\\n\\n1. words are cut in the middle\\n2. a hyphen may stand at the end' });
  item('command_execution', 'item_4', { command: "bash -lc 'npm test'", aggregated_output: Array.from({ length: 14 }, (_, n) => 'ok ' + (n + 1) + ' - slug case ' + (n + 1)).join('\\n') + '\\nnot ok 15 - keeps the last word whole\\n  expected: a-long-title-that-ends\\n  actual:   a-long-title-that-ends-in-the-mid\\n', exit_code: 1, status: 'failed' });
  item('file_change', 'item_5', { changes: [{ path: 'test/slug.test.js', kind: 'update' }, { path: 'notes/cut.md', kind: 'add' }], status: 'completed' });
  item('todo_list', 'item_1', { items: [{ text: 'Find the code that cuts', completed: true }, { text: 'Write a failing test', completed: true }, { text: 'Report', completed: false }] }, 'item.updated');
  item('mcp_tool_call', 'item_6', { server: 'issues', tool: 'search', arguments: { query: 'slug cut' }, status: 'completed' });
  item('web_search', 'item_7', { query: 'unicode word boundary javascript Intl.Segmenter' });
  item('command_execution', 'item_8', { command: "bash -lc 'node bench/cut.js --all'", aggregated_output: '', exit_code: null, status: 'in_progress' }, 'item.started');
  await sleep(240000);
}
say({ type: 'turn.completed', usage });
`;

makeProgram();
const env = { ...process.env, CODEX_ORCH_CODEX_BIN: path.join(here, 'codex.mjs') };
const runs = makeRuns();
const server = spawn(process.execPath, [cli, 'web', program, '--port', '0', '--json'], {
  env,
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  const { url } = JSON.parse(await firstLine(server.stdout));
  say(`serving ${url}`);
  await takeAll(url);
  if (values.keep) {
    say(`keeping ${url}`);
    await new Promise((resolve) => process.once('SIGINT', resolve));
  }
} finally {
  server.kill();
  spawnSync(process.execPath, [cli, 'run', 'abort', program, runs.running], {
    env,
    stdio: 'ignore',
  });
  rmSync(here, { recursive: true, force: true, maxRetries: 5 });
}

async function takeAll(url) {
  const themes = ['light', 'dark'];
  const sizes = {
    large: { width: 1920, height: 1080 },
    wide: { width: 1280, height: 800 },
    narrow: { width: 390, height: 844 },
  };
  const asked = await openQuestions(url);
  const waiting = asked.find((each) => each.run_id === runs.waiting);
  const form = asked.find((each) => each.run_id === runs.form);
  const handed = asked.find((each) => each.handed_over);
  const { proposals } = await get(url, '/api/proposals');
  const inRun = async (run, task) =>
    (await get(url, `/api/runs/${run}`)).instances.findLast((each) => each.task_id === task)
      .instance_id;
  const gate = await inRun(runs.done, 'acceptance_gate');
  const attempt = await inRun(runs.done, 'quality_attempt');
  const views = {
    'sign-in': '/inbox',
    overview: '/',
    runs: '/runs',
    program: '/program',
    'program-tasks': '/program/tasks',
    'program-edges': '/program/edges',
    'program-inputs': '/program/inputs',
    'program-roles': '/program/roles',
    'program-presets': '/program/presets/review',
    'program-problems': '/program/problems',
    'program-project': '/program/project',
    task: '/program/tasks/acceptance_gate',
    'task-form': '/program/tasks/quality_loop_gate/edit',
    'task-yaml': '/program/tasks/quality_attempt/yaml',
    start: '/start?root=acceptance_gate',
    'run-waiting': `/runs/${runs.waiting}`,
    'run-peek': `/runs/${runs.done}?at=${gate}`,
    'run-loop-first-pass': `/runs/${runs.done}?pass=quality_loop_gate:0`,
    'run-failed': `/runs/${runs.failed}`,
    'run-done': `/runs/${runs.done}`,
    'run-running': `/runs/${runs.running}`,
    'run-wide': `/runs/${runs.wide}`,
    'run-timeline': `/runs/${runs.done}/timeline`,
    'run-timeline-wide': `/runs/${runs.wide}/timeline`,
    'run-instances': `/runs/${runs.failed}/instances`,
    'run-log': `/runs/${runs.done}/log`,
    'run-inputs': `/runs/${runs.done}/inputs`,
    instance: `/runs/${runs.running}/instances/${await inRun(runs.running, 'survey')}`,
    'instance-gate': `/runs/${runs.done}/instances/${gate}`,
    'instance-prompt': `/runs/${runs.done}/instances/${attempt}/prompt`,
    'instance-staged': `/runs/${runs.done}/instances/${attempt}/staged`,
    'instance-files': `/runs/${runs.done}/instances/${attempt}/files`,
    'instance-process': `/runs/${runs.done}/instances/${attempt}/process`,
    'instance-failed': `/runs/${runs.failed}/instances/${await inRun(runs.failed, 'publish_package')}/errors`,
    inbox: '/inbox',
    question: `/inbox/${waiting.run_id}/${waiting.interrupt_id}`,
    'question-form': `/inbox/${form.run_id}/${form.interrupt_id}`,
    'question-handed-over': handed ? `/inbox/${handed.run_id}/${handed.interrupt_id}` : '/inbox',
    'question-answered': '/inbox?status=answered',
    proposals: proposals[0]
      ? `/proposals/${proposals[0].run_id}/${proposals[0].proposal_id}`
      : '/proposals',
  };
  // The views that docs/web.md shows, and how.
  const selection = {
    overview: ['light', 'wide'],
    program: ['light', 'wide'],
    task: ['light', 'wide'],
    'task-yaml': ['dark', 'wide'],
    start: ['light', 'wide'],
    'run-waiting': ['light', 'wide'],
    'run-failed': ['dark', 'wide'],
    'run-done': ['light', 'wide'],
    'run-wide': ['light', 'wide'],
    'run-timeline': ['light', 'wide'],
    instance: ['dark', 'wide'],
    'question-form': ['light', 'wide'],
    question: ['dark', 'narrow'],
    proposals: ['light', 'wide'],
  };
  mkdirSync(values.out, { recursive: true });
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic'],
  });
  for (const theme of themes) {
    for (const [size, viewport] of Object.entries(sizes)) {
      const context = await browser.newContext({ colorScheme: theme, viewport });
      const page = await context.newPage();
      page.on('console', (message) => {
        if (message.type() === 'error' && !message.text().includes('status of 401'))
          say(`console: ${page.url()}: ${message.text()}`);
      });
      page.on('pageerror', (error) => say(`error: ${page.url()}: ${error.stack}`));
      for (const [name, address] of Object.entries(views)) {
        if (values.only && !name.startsWith(values.only)) continue;
        if (!values.all && !(selection[name]?.[0] === theme && selection[name]?.[1] === size))
          continue;
        // Let in by its first address, but for the view of who is not.
        await page.goto(name === 'sign-in' ? new URL(address, url).href : url);
        if (name !== 'sign-in') {
          await page.locator('.side').waitFor();
          await page.goto(new URL(address, url).href);
        }
        await page.waitForSelector('main h1:visible, article:visible, [role=alert]:visible');
        await page.waitForFunction(() => !document.querySelector('.skeleton'));
        // A graph is laid out after the page is there.
        await page.waitForFunction(
          () =>
            !document.querySelector('.react-flow') || document.querySelector('.react-flow__node'),
        );
        await act(page, name);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
        if (wide) say(`${name} ${theme} ${size}: wider than the window`);
        const file = values.all ? `${name}-${size}-${theme}.png` : `${name}.png`;
        await page.screenshot({
          path: path.join(values.out, file),
          fullPage: values.all && size !== 'large',
        });
      }
      await context.close();
    }
  }
  await browser.close();
}

/** What a person would have done by the time of the picture. */
async function act(page, name) {
  if (name === 'task-yaml') {
    await page.locator('.cm-line', { hasText: 'task: baseline_run' }).first().click();
    await page.keyboard.press('Home');
    for (const _ of '- { task: baseline_run') await page.keyboard.press('ArrowRight');
    await page.keyboard.type('n');
    await page.keyboard.press('Escape');
    await page.getByText(/would break/).waitFor();
  }
  if (name === 'question') {
    await page.getByRole('radio', { name: 'revise' }).check();
    await page.getByText('What the worker will get').click();
    await page.locator('.preview-body').waitFor();
  }
  if (name === 'program-presets') {
    await page.getByLabel('subject').fill('parser');
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.locator('pre').first().waitFor();
  }
  if (name.startsWith('run') || name === 'program' || name === 'start')
    await page.waitForTimeout(300);
  if (name === 'start') await page.locator('.planned').first().waitFor();
}

async function get(url, route) {
  const token = decodeURIComponent(new URL(url).hash.replace('#token=', ''));
  const answer = await fetch(new URL(route, url), {
    headers: { authorization: `Bearer ${token}` },
  });
  if (!answer.ok) throw new Error(`${route}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

async function openQuestions(url) {
  return (await get(url, '/api/inbox?status=open&audience=human')).questions;
}

function firstLine(stream) {
  return new Promise((resolve) => {
    let text = '';
    stream.on('data', (chunk) => {
      text += chunk;
      if (text.includes('\n')) resolve(text.split('\n')[0]);
    });
  });
}

function orch(...words) {
  const done = spawnSync(process.execPath, [cli, ...words], { env, encoding: 'utf8' });
  if (done.status === 2 || done.status === 70)
    throw new Error(`${words.join(' ')}: ${done.stderr}`);
  return done.stdout.trim();
}

function start(root, title) {
  const named = title ? ['--title', title] : [];
  return orch('run', 'start', program, '--root', root, ...named, '--no-wait');
}

function settled(run) {
  for (let tries = 0; tries < 300; tries += 1) {
    const { status } = JSON.parse(orch('run', 'show', program, run, '--json'));
    if (status === 'waiting' || status === 'done' || status === 'failed') return status;
    spawnSync('sleep', ['0.1']);
  }
  throw new Error(`${run} does not settle`);
}

function makeRuns() {
  const reset = () => git('checkout', '-q', '.');
  const done = start('acceptance_gate', 'Whole words in slugs');
  settled(done);
  answer(done, '{"decision": "accept", "notes": "Good as it is."}');
  settled(done);
  reset();
  const wide = start('merge_shards');
  settled(wide);
  const failed = start('announce');
  settled(failed);
  const handed = start('naming');
  settled(handed);
  orch('inbox', 'worker', program, '--once');
  settled(handed);
  const form = start('release_plan');
  settled(form);
  const waiting = start('acceptance_gate');
  settled(waiting);
  const running = start('report');
  return { done, wide, failed, handed, form, waiting, running };
}

function answer(run, payload) {
  const [{ interrupt }] = JSON.parse(
    orch('inbox', 'list', program, '--run-id', run, '--unresolved-only', '--json'),
  );
  orch(
    ...['inbox', 'reply', program, interrupt.interrupt_id, '--text', 'accept'],
    ...['--payload-json', payload],
  );
  orch('run', 'resume', program, run);
}

function git(...words) {
  const who = ['-c', 'user.name=demo', '-c', 'user.email=demo@example.invalid'];
  execFileSync('git', [...who, ...words], { cwd: repo, stdio: ['ignore', 'ignore', 'inherit'] });
}

function makeProgram() {
  cpSync(path.join(root, 'examples', 'quality_convergence_program'), program, { recursive: true });
  renameSync(path.join(program, 'repo'), repo);
  git('init', '-q');
  git('add', '.');
  git('commit', '-qm', 'A small library with failing tests');
  const put = (file, text) => {
    mkdirSync(path.dirname(path.join(program, file)), { recursive: true });
    writeFileSync(path.join(program, file), text);
  };
  put('inputs/repo_workspace.txt', '../repo\n');
  const project = readFileSync(path.join(program, 'project.yaml'), 'utf8');
  put(
    'project.yaml',
    `changes: true\nprices: { '*': { input: 1.25, cached_input: 0.125, output: 10 } }\n` +
      `${project.replace('max_concurrency: 2', 'max_concurrency: 6')}  writer:\n    backend: codex\n    sandbox: read-only\n`,
  );
  const task = (id, title, body) =>
    put(`tasks/${id}.yaml`, `id: ${id}\ntitle: ${title}\nstatus: ready\n${body}`);
  const shell = (line) => `agent: shell\nrun: ${JSON.stringify(line)}\npublish: []\n`;
  const after = (...ids) =>
    `depends_on: [${ids.map((id) => `{ task: ${id}, kind: order }`).join(', ')}]\n`;
  task('plan_shards', 'Split the corpus into shards', shell('echo 24 shards'));
  const shards = Array.from(
    { length: 24 },
    (_, index) => `shard_${String(index + 1).padStart(2, '0')}`,
  );
  for (const id of shards) {
    task(
      id,
      `Check ${id.replace('_', ' ')}`,
      shell(`sleep 0.${1 + (id.charCodeAt(7) % 5)}; echo checked`) + after('plan_shards'),
    );
  }
  task('merge_shards', 'Merge what the shards found', shell('echo merged') + after(...shards));
  task('build_package', 'Build the package', shell('echo built dist/slug-1.2.0.tgz'));
  task(
    'publish_package',
    'Publish to the registry',
    shell(
      'echo "PUT registry.example.invalid/slug"; echo "error: 403 You may not publish over version 1.2.0" >&2; exit 1',
    ) + after('build_package'),
  );
  task('announce', 'Announce the release', shell('echo announced') + after('publish_package'));
  task(
    'survey',
    'Survey the code base',
    'agent: writer\ncompose:\n  - { kind: literal, text: "Find out why long slugs are cut in the middle of a word." }\n',
  );
  task(
    'metrics',
    'Collect metrics',
    shell('for i in $(seq 1 400); do echo "sampled $i of 400 modules"; sleep 0.5; done'),
  );
  task('report', 'Write the report', shell('echo done') + after('survey', 'metrics'));
  const asks = (words) => shell(`codex-orch interrupt create ${words}`);
  task(
    'naming',
    'Name the new option',
    asks(
      '--audience assistant --kind question --decision-kind naming --target-role policy --question "Should the option be called maxLength or limit? The code base has both." --artifact inputs/feature_brief.md',
    ),
  );
  put('schemas/release.schema.json', JSON.stringify(releaseSchema));
  put('prompts/release_question.md', releaseQuestion);
  task(
    'release_plan',
    'Plan the release',
    asks(
      '--audience human --kind approval --decision-kind scope --priority high --question-file "$CODEX_ORCH_PROGRAM_DIR/prompts/release_question.md" --option major --option minor --option patch --reply-schema schemas/release.schema.json --artifact inputs/acceptance_criteria.md',
    ),
  );
  put('presets/review.yaml', preset);
  writeFileSync(path.join(here, 'codex.mjs'), standIn, { mode: 0o755 });
}
