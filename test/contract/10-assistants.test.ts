/**
 * Section 10 of the contract, whole, with the built program, the real Codex CLI and a model that answers
 * from a script: a worker asks the recommended role and goes on in its session; a question is handed to a
 * human; a proposal is reviewed and applied.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codexHome, sandboxProblem } from '../support/codex.ts';
import { modelScript, startModelServer, type ModelServer } from '../support/model-server.ts';
import { codexOrch, testDirectory, writeFiles, type Ended } from '../support/built-program.ts';

const root = testDirectory('assistants');
const program = path.join(root, 'program');
let server: ModelServer;
let env: NodeJS.ProcessEnv;

const problem = sandboxProblem(path.join(root, 'probe-home'));
if (problem !== null) {
  process.stderr.write(
    `\n*** SKIPPED: Codex's sandbox does not run on this machine: ${problem}\n\n`,
  );
}

const answerPayload = {
  resolution_kind: 'auto_reply',
  answer: 'Call it render_page.',
  rationale: 'The naming guide asks for verbs.',
  confidence: 'high',
  citations: ['naming.md:1'],
  payload: { name: 'render_page', alias: null },
  proposed_updates: [
    {
      kind: 'managed_asset_update',
      summary: 'Say that functions are verbs',
      rationale: 'It was asked.',
      suggested_content_mode: 'full_replacement',
      suggested_content: 'Functions are verbs.\nNouns are types.\n',
      target: {
        role_id: 'namer',
        managed_asset_path: 'naming.md',
        task_id: null,
        routing_section: null,
        program_asset_path: null,
      },
    },
    {
      kind: 'program_asset_update',
      summary: 'Climb out',
      rationale: 'None.',
      suggested_content_mode: 'full_replacement',
      suggested_content: 'x',
      target: {
        role_id: null,
        managed_asset_path: null,
        task_id: null,
        routing_section: null,
        program_asset_path: '../outside.md',
      },
    },
  ],
};
const handOff = {
  resolution_kind: 'handoff_to_human',
  answer: 'Shipping is for a person to decide; I would wait.',
  rationale: 'It costs money.',
  confidence: 'low',
  citations: ['prompts/work.md'],
  payload: null,
  proposed_updates: [],
};

/** What the worker's model does, turn by turn; each turn is a new attempt. */
const workerScripts = {
  first: [
    {
      exec: 'codex-orch interrupt create --audience assistant --kind question --decision-kind naming --question "What is it called?" --reply-schema schemas/name.json --artifact inputs/notes.txt --blocking',
      args: { yield_time_ms: 20_000 },
    },
    { text: 'asked' },
  ],
};

beforeAll(async () => {
  server = await startModelServer();
  env = codexHome(path.join(root, 'codex-home'), server.port);
  mkdirSync(path.join(root, 'workspace'), { recursive: true });
  writeFiles(program, {
    'project.yaml': { name: 'Names', workspace: '../workspace' },
    'tasks/work.yaml': {
      id: 'work',
      title: 'Work',
      status: 'ready',
      compose: [{ kind: 'file', path: 'prompts/work.md' }],
      publish: ['final.md'],
    },
    'prompts/work.md': `Do it.\n${modelScript(workerScripts.first)}\n`,
    'inputs/notes.txt': 'The page is rendered here.\n',
    'schemas/name.json': {
      type: 'object',
      properties: { name: { type: 'string', minLength: 1 }, alias: { type: 'string' } },
      required: ['name'],
      additionalProperties: false,
    },
    'assistant_roles/namer/role.yaml': {
      id: 'namer',
      title: 'Namer',
      sandbox: 'read-only',
      managed_assets: ['naming.md'],
      policy: { decision_kinds: ['naming'], request_kinds: ['question'] },
    },
    'assistant_roles/namer/instructions.md': `Name things.\n${modelScript([{ text: answerPayload }])}\n`,
    'assistant_roles/namer/naming.md': 'Functions are verbs.\n',
    'assistant_roles/shipper/role.yaml': {
      id: 'shipper',
      title: 'Shipper',
      policy: { request_kinds: ['approval'] },
    },
    'assistant_roles/shipper/instructions.md': `Approve.\n${modelScript([{ text: handOff }])}\n`,
  });
});
afterAll(async () => {
  await server.stop();
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

function cli(...args: string[]): Promise<Ended> {
  return codexOrch(args, { cwd: program, env });
}

async function json<T>(...args: string[]): Promise<T> {
  const ended = await cli(...args, '--json');
  expect(ended.stderr + ended.stdout).toMatch(/^|\{/);
  return JSON.parse(ended.stdout) as T;
}

interface Listed {
  instance_id: string;
  interrupt: Record<string, unknown> & { interrupt_id: string; metadata: Record<string, unknown> };
  reply: Record<string, unknown> | null;
}

describe.skipIf(problem !== null)('10 assistant roles', () => {
  it('needs the operating model, and installs it', async () => {
    expect(await cli('assistant-doc', 'install')).toMatchObject({ code: 0 });
    expect(await cli('assistant-doc', 'install', '.')).toMatchObject({ code: 0 });
    expect(
      readFileSync(path.join(program, 'assistant_roles/_shared/operating-model.md'), 'utf8'),
    ).toMatch(/^# How/);
    const valid = await cli('project', 'validate', '.');
    expect(valid.code, valid.stdout + valid.stderr).toBeLessThan(2);
  });

  it('answers by the recommended role, hands over, and lets a person apply what it suggests', async () => {
    const started = await cli('run', 'start', '.', '--root', 'work');
    expect(started.code, started.stderr).toBe(3);
    const [asked] = await json<Listed[]>('inbox', 'list');
    expect(asked?.interrupt).toMatchObject({
      recommended_target_role_id: 'namer',
      resolved_target_role_id: 'namer',
      status: 'open',
    });
    const id = asked?.interrupt.interrupt_id ?? '';
    // The worker's second turn: a question that its role hands to a human.
    await server.script([
      {
        exec: 'codex-orch interrupt create --audience assistant --kind approval --question "Ship it?" --blocking',
        args: { yield_time_ms: 20_000 },
      },
      { text: 'asked again' },
    ]);
    const first = await cli('inbox', 'worker', '.', '--once', '--json');
    expect(first.code, first.stderr).toBe(0);
    expect(JSON.parse(first.stdout)).toEqual({
      scanned: 1,
      processed: 1,
      auto_replied: 1,
      handed_off: 0,
      skipped_no_role: 0,
      failed: 0,
    });
    const runId = started.stdout.trim();
    const kept = path.join(program, '.runs', runId, 'assistants', id, '0001');
    for (const file of [
      'prompt.md',
      'output-schema.json',
      'events.jsonl',
      'stderr.log',
      'runtime.json',
      'final.md',
      'answer.json',
      'outcome.json',
    ]) {
      expect(existsSync(path.join(kept, file)), file).toBe(true);
    }
    const prompt = readFileSync(path.join(kept, 'prompt.md'), 'utf8');
    for (const part of [
      '# How assistants work',
      'Name things.',
      'Functions are verbs.',
      'What is it called?',
      'The page is rendered here.',
      '"minLength": 1',
      'handoff_to_human',
    ]) {
      expect(prompt).toContain(part);
    }

    const all = await json<Listed[]>('inbox', 'list');
    const answered = all.find(({ interrupt }) => interrupt.interrupt_id === id);
    expect(answered?.interrupt['status']).toBe('applied');
    expect(answered?.reply).toMatchObject({
      reply_kind: 'answer',
      text: 'Call it render_page.',
      payload: { name: 'render_page' },
      rationale: 'The naming guide asks for verbs.',
      confidence: 'high',
      citations: ['naming.md:1'],
    });
    expect(answered?.reply?.['payload']).toEqual({ name: 'render_page' });

    // The second question went to the other role, is open, and is handed over.
    const second = await json<Record<string, number>>('inbox', 'worker', '.', '--once');
    expect(second).toMatchObject({ scanned: 1, handed_off: 1, auto_replied: 0, failed: 0 });
    const open = await json<Listed[]>('inbox', 'list', '--unresolved-only');
    expect(open).toHaveLength(1);
    const forHuman = open[0];
    expect(forHuman?.interrupt).toMatchObject({ audience: 'human', question: 'Ship it?' });
    expect(forHuman?.interrupt.metadata).toMatchObject({
      assistant_role_id: 'shipper',
      assistant_summary: handOff.answer,
      assistant_rationale: handOff.rationale,
      assistant_citations: handOff.citations,
    });
    await server.script([{ text: 'all done' }]);
    const replied = await cli(
      'inbox',
      'reply',
      '.',
      forHuman?.interrupt.interrupt_id ?? '',
      '--text',
      'Yes, ship it',
      '--resume',
    );
    expect(replied.code, replied.stderr).toBe(0);

    interface RunDocument {
      status: string;
      instances: Record<string, { attempt: number; attempts: { session_id: string }[] }>;
    }
    const run = await json<RunDocument>('run', 'show', '.', runId);
    expect(run.status).toBe('done');
    const instance = Object.values(run.instances)[0];
    expect(instance?.attempt).toBe(3);
    expect(new Set(instance?.attempts.map(({ session_id }) => session_id)).size).toBe(1);

    const verified = await cli('run', 'verify', '.', runId);
    expect(verified.code, verified.stdout).toBe(0);
    await reviewProposals(id, runId);
  });
});

async function reviewProposals(id: string, runId: string): Promise<void> {
  const listed = await cli('proposal', 'list', '.');
  const asset = 'assistant_roles/namer/naming.md';
  expect(listed.stdout).toBe(
    `prop-${id}-01\trun=${runId}\tstatus=proposed\tkind=managed_asset_update\ttarget=${asset}\n`,
  );
  const events = await json<{ event_type: string; payload: { reason?: string } }[]>(
    'run',
    'events',
    '.',
    runId,
  );
  const dropped = events.filter(({ event_type }) => event_type === 'proposal_dropped');
  expect(dropped).toHaveLength(1);
  expect(dropped[0]?.payload.reason).toContain('..');

  const diff = await cli('proposal', 'diff', '.', `prop-${id}-01`);
  expect(diff.stdout).toBe(
    `--- a/${asset}\n+++ b/${asset}\n@@ -1,1 +1,2 @@\n Functions are verbs.\n+Nouns are types.\n`,
  );
  const blank = await cli(
    'proposal',
    'mark',
    '.',
    `prop-${id}-01`,
    '--status',
    'accepted',
    '--note',
    '  ',
  );
  expect(blank).toMatchObject({ code: 2 });
  expect(await cli('proposal', 'apply', '.', `prop-${id}-01`)).toMatchObject({ code: 0 });
  expect(readFileSync(path.join(program, asset), 'utf8')).toBe(
    'Functions are verbs.\nNouns are types.\n',
  );
  const shown = await json<Record<string, unknown>>('proposal', 'show', '.', `prop-${id}-01`);
  expect(shown).toMatchObject({ status: 'applied', status_note: `applied to ${asset}` });
}
