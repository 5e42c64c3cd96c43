/** The HTTP API over real runs of the built program; every answer is held against the OpenAPI document. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ActivityPage, AttemptView } from '../../src/web/api/attempt.ts';
import type { ApiErrorBody } from '../../src/web/api/error.ts';
import type { EventPage } from '../../src/web/api/event.ts';
import type { TextPage } from '../../src/web/api/file.ts';
import type { QuestionPage } from '../../src/web/api/inbox.ts';
import type { InstanceView } from '../../src/web/api/instance.ts';
import type { Overview } from '../../src/web/api/overview.ts';
import type { PresetPreview } from '../../src/web/api/preset.ts';
import type { ProgramView } from '../../src/web/api/program.ts';
import type { QuestionView, ReplyPreview, ReplyResult } from '../../src/web/api/question.ts';
import type { ActionResult, RunExplain, RunView, VerifyResult } from '../../src/web/api/run.ts';
import type { RunPage } from '../../src/web/api/runs.ts';
import type { StartPreview } from '../../src/web/api/start.ts';
import type { CheckResult, EditResult, TaskView } from '../../src/web/api/task.ts';
import { apiRoutes } from '../../src/web/api/routes.ts';
import schemas from '../../src/web/server/api-schemas.json' with { type: 'json' };
import { codexOrch, until, writeFiles } from '../support/built-program.ts';
import { ask, finish, serve, serveForTests, writeProgram } from './fixture.ts';

const question =
  'codex-orch interrupt create --audience human --kind question --question "Which *one*?" ' +
  '--option red --option blue --reply-schema schemas/reply.json --artifact prompts/a.md';

const served = await serveForTests('web-api', (dir) => {
  writeProgram(dir, {
    ask: {
      compose: [
        { kind: 'file', path: 'prompts/a.md' },
        { kind: 'ref', ref: 'inputs.topic' },
        { kind: 'literal', text: 'Go.' },
      ],
      run: `[ -e "$CODEX_ORCH_INSTANCE_DIR/attempts/0002" ] || ${question}\necho asked; echo oops >&2\n${finish}`,
    },
    next: {
      depends_on: [{ task: 'ask', kind: 'context', consume: ['final.md'] }],
      compose: [{ kind: 'ref', ref: 'deps.ask.artifacts.final.md' }],
      run: finish,
    },
    fail: { run: 'echo broken >&2; exit 7', labels: ['bad'] },
    loop: {
      kind: 'controller',
      control: { mode: 'loop', continue_targets: ['step'], stop_targets: ['end'] },
      depends_on: [{ task: 'step', kind: 'order' }],
      run:
        'n=$(cat "$CODEX_ORCH_PROGRAM_DIR/../count" 2>/dev/null || echo 0); n=$((n+1)); ' +
        'echo $n > "$CODEX_ORCH_PROGRAM_DIR/../count"; ' +
        'if [ $n -lt 3 ]; then c=\'{"kind":"loop","action":"continue","next_inputs":{"n":1}}\'; ' +
        'else c=\'{"kind":"loop","action":"stop"}\'; fi; ' +
        `echo "{\\"control\\":$c}" > "$CODEX_ORCH_ATTEMPT_DIR/result.json"; ${finish}`,
    },
    step: { run: finish },
    end: { depends_on: [{ task: 'loop', kind: 'order' }], run: finish },
  });
  writeFiles(dir, {
    'project.yaml': {
      name: 'p',
      workspace: '.',
      default_agent: 'shell',
      user_inputs: { topic: 'inputs/topic.txt' },
    },
    'prompts/a.md': '# Do it\n',
    'inputs/topic.txt': 'birds',
    'schemas/reply.json': {
      type: 'object',
      properties: { colour: { $ref: 'colours.json' } },
      required: ['colour'],
      additionalProperties: false,
    },
    'schemas/colours.json': { enum: ['red', 'blue'] },
    'presets/pair.yaml': {
      id: 'pair',
      title: 'Pair',
      variables: { name: { description: 'x', required: true } },
      tasks: [{ id: 'pair-$name', title: 'T', status: 'draft', run: 'true' }],
    },
  });
});
const { root, dir, start } = served;

/** The run, when it has come to rest and nobody drives it. */
function rest(runId: string): Promise<RunView> {
  return until(async () => {
    const view = await served.get<RunView>(`/api/runs/${runId}`);
    return ['done', 'failed', 'waiting'].includes(view.run.status) && !view.holder ? view : null;
  });
}

describe('the description', () => {
  it('names each route once, and types that have a schema', () => {
    const named = apiRoutes.map((route) => `${route.method} ${route.path}`);
    expect(named).toEqual([...new Set(named)]);
    const types = apiRoutes.flatMap(({ body, answer }) => [body ?? answer, answer]);
    const known = [...Object.keys(schemas), 'file', 'events', 'nothing', 'document'];
    expect(types.filter((type) => !known.includes(type))).toEqual([]);
  });

  it('is served, with every schema that it refers to', async () => {
    const { text } = await ask(served.port, '/api/openapi.json');
    const document = JSON.parse(text) as { openapi: string; components: { schemas: object } };
    expect(document.openapi).toBe('3.1.0');
    const names = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map((match) => match[1]);
    for (const name of names) expect(Object.keys(document.components.schemas)).toContain(name);
  });
});

describe('the program', () => {
  it('shows graph, inputs and texts', async () => {
    const program = await served.get<ProgramView>('/api/program');
    expect(program.ok).toBe(true);
    expect(program.edges.map(({ source, target, kind }) => `${source} ${kind} ${target}`)).toEqual(
      expect.arrayContaining([
        'ask context next',
        'step order loop',
        'loop continue step',
        'loop stop end',
      ]),
    );
    expect(program.inputs).toEqual([
      expect.objectContaining({ key: 'topic', default_value: 'birds', used_by: ['ask'] }),
    ]);
    const task = await served.get<TaskView>('/api/program/tasks/ask');
    expect(task.compose[0]).toMatchObject({ kind: 'file', text: '# Do it\n' });
    expect((await served.get<ApiErrorBody>('/api/program/tasks/asc', 404)).error.hint).toMatch(
      /ask/,
    );
  });

  it('saves an edit whole, and only on what the author saw', async () => {
    const yaml = 'id: extra # mine\ntitle: Extra\nstatus: ready\nrun: "true"\n';
    await served.send<EditResult>('POST', '/api/program/tasks', { yaml });
    await served.send('POST', '/api/program/tasks', { yaml }, 409);
    const task = await served.get<TaskView>('/api/program/tasks/extra');
    const file = path.join(dir, 'tasks/extra.yaml');

    const broken = `${yaml}depends_on: [{task: nobody, kind: order}]\n`;
    const checked = await served.send<CheckResult>('POST', '/api/program/tasks/extra/check', {
      yaml: broken,
    });
    expect(checked.ok).toBe(false);
    expect(checked.diagnostics[0]).toMatchObject({ file: 'tasks/extra.yaml', line: 5 });
    const refused = await served.send<ApiErrorBody>(
      'PUT',
      '/api/program/tasks/extra/yaml',
      { yaml: broken, base_hash: task.hash },
      422,
    );
    expect(refused.error.diagnostics?.[0]).toMatchObject({ line: 5 });
    expect(readFileSync(file, 'utf8')).toBe(yaml);

    const saved = await served.send<TaskView>('PATCH', '/api/program/tasks/extra', {
      fields: { title: 'Better' },
      base_hash: task.hash,
    });
    expect(readFileSync(file, 'utf8')).toBe(yaml.replace('Extra', 'Better'));
    const late = { yaml, base_hash: task.hash };
    const conflict = await served.send<ApiErrorBody>(
      'PUT',
      '/api/program/tasks/extra/yaml',
      late,
      409,
    );
    expect(conflict.error.code).toBe('edit-conflict');
    await served.send('PUT', '/api/program/tasks/extra/yaml', { yaml, base_hash: saved.hash });

    const edge = { source: 'extra', target: 'end', kind: 'order' };
    await served.send('POST', '/api/program/edges', edge);
    await served.send('DELETE', '/api/program/tasks/extra', undefined, 409);
    await served.send('DELETE', '/api/program/edges?source=extra&target=end&kind=order');
    await served.send('DELETE', '/api/program/tasks/extra');
    expect(existsSync(file)).toBe(false);
  });

  it('previews and applies presets', async () => {
    const at = '/api/program/presets/pair';
    await served.send('POST', `${at}/preview`, { variables: {} }, 422);
    const variables = { name: 'x' };
    const preview = await served.send<PresetPreview>('POST', `${at}/preview`, { variables });
    expect(preview.files[0]).toMatchObject({ path: 'tasks/pair-x.yaml', exists: false });
    await served.send('POST', `${at}/apply`, { variables });
    await served.send('POST', `${at}/apply`, { variables }, 409);
    await served.send('DELETE', '/api/program/tasks/pair-x');
  });
});

describe('a run', () => {
  it('is started, waits, is answered by form, and ends', async () => {
    const preview = await served.send<StartPreview>('POST', '/api/start/preview', {
      roots: ['next'],
      labels: [],
      inputs: { topic: 'fish' },
    });
    expect(preview.tasks.map(({ task_id, wave }) => `${task_id} ${wave}`)).toEqual([
      'ask 1',
      'next 2',
    ]);
    expect(preview.inputs).toEqual({ topic: 'fish' });
    const runId = await start('next');
    const waiting = await rest(runId);
    expect(waiting.run.status).toBe('waiting');

    const overview = await served.get<Overview>('/api/overview');
    const [open] = overview.questions;
    expect(open).toMatchObject({ run_id: runId, task_id: 'ask', has_reply_schema: true });
    expect(overview.waiting.map(({ id }) => id)).toContain(runId);
    const at = `/api/runs/${runId}/interrupts/${open?.interrupt_id}`;
    const shown = await served.get<QuestionView>(at);
    expect(shown.context_artifacts).toMatchObject([{ path: 'prompts/a.md', render: 'markdown' }]);
    expect(JSON.stringify(shown.reply_schema)).toContain('$defs');
    const artifact = await served.get<TextPage>(`${at}/artifacts/prompts/a.md?as=text`);
    expect(artifact.text).toBe('# Do it\n');
    await served.get(`${at}/artifacts/project.yaml?as=text`, 404);

    const wrong = { text: 'Blue it is.', payload: { colour: 'green' } };
    const bad = await served.send<ReplyPreview>('POST', `${at}/preview`, wrong);
    expect(bad).toMatchObject({ ok: false, problems: [{ pointer: '/colour' }] });
    const refused = await served.send<ApiErrorBody>('POST', `${at}/reply`, wrong, 422);
    expect(refused.error.problems).toMatchObject([{ pointer: '/colour' }]);
    const answer = { text: 'Blue it is.', payload: { colour: 'blue' }, resume: true };
    const good = await served.send<ReplyPreview>('POST', `${at}/preview`, answer);
    expect(good.ok).toBe(true);
    expect(good.delivered).toContain('Blue it is.');
    const reply = await served.send<ReplyResult>('POST', `${at}/reply`, answer);
    expect(reply).toMatchObject({ resumed: true, still_open: [] });
    const again = await served.send<ApiErrorBody>('POST', `${at}/reply`, answer, 409);
    expect(again.error.code).toBe('already-answered');

    await until(async () => {
      const { run } = await served.get<RunView>(`/api/runs/${runId}`);
      return run.status === 'done' ? run : null;
    });
    const answered = await served.get<QuestionPage>('/api/inbox?status=answered');
    expect(answered.questions.map(({ interrupt_id }) => interrupt_id)).toContain(
      open?.interrupt_id,
    );
    expect((await served.get<QuestionPage>('/api/inbox')).questions).toEqual([]);
    expect((await served.get<VerifyResult>(`/api/runs/${runId}/verify`)).ok).toBe(true);
  });

  it('shows instances and attempts: prompt, staging, output, artifacts', async () => {
    const { runs } = await served.get<RunPage>('/api/runs?status=done');
    const base = `/api/runs/${runs[0]?.id}/instances/ask`;
    const view = await served.get<InstanceView>(base);
    expect(view.instance.attempt).toBe(2);
    expect(view.downstream).toMatchObject([{ task_id: 'next', status: 'done' }]);
    expect(view.published).toMatchObject([{ relative_path: 'final.md', render: 'markdown' }]);
    const attempt = await served.get<AttemptView>(`${base}/attempts/1`);
    expect(attempt.prompt?.text).toContain('# Do it');
    expect(attempt.staged.map(({ source }) => source)).toContain('inputs.topic');
    expect(attempt.files.map((file) => file.path)).toContain('final.md');
    expect(attempt.runtime).toMatchObject({ return_code: 0 });
    const staged = attempt.staged.find(({ source }) => source === 'inputs.topic');
    const text = await served.get<TextPage>(`${base}/attempts/1/files/${staged?.path}?as=text`);
    expect(text.text).toBe('birds');
    expect((await served.get<AttemptView>(`${base}/attempts/2`)).replies).toHaveLength(1);
    const activities = await served.get<ActivityPage>(`${base}/attempts/1/activities`);
    expect(activities.activities.map(({ activity }) => activity)).toContainEqual({
      type: 'output',
      text: 'asked',
    });
    const stderr = await served.get<TextPage>(`${base}/attempts/1/raw?stream=stderr`);
    expect(stderr.text).toBe('oops\n');
    await served.get(`${base}/attempts/3`, 404);
  });

  it('tells why it failed, and is resumed, retried and reconciled', async () => {
    const runId = await start('fail');
    const failed = await rest(runId);
    expect(failed.run.status).toBe('failed');
    expect(failed.explanations[0]?.command).toContain('retry-instance');
    const at = `/api/runs/${runId}`;
    const retry = await served.send<ActionResult>('POST', `${at}/instances/fail/retry`, {});
    expect(retry.outcome).toBe('started');
    await until(async () => {
      const { instances } = await served.get<RunView>(at);
      return instances[0]?.attempts[1]?.finished_at ?? null;
    });
    await rest(runId);
    const settled = await served.send<ActionResult>('POST', `${at}/reconcile`, {});
    expect(settled.outcome).toBe('done');
    const unknown = await served.send<ApiErrorBody>('POST', `${at}/instances/x/retry`, {}, 404);
    expect(unknown.error.code).toBe('instance-not-found');
    const explain = await served.get<RunExplain>(`${at}/explain`);
    expect(explain.explanations).toHaveLength(1);
    const page = await served.get<EventPage>(`${at}/events?after=1&limit=2`);
    expect(page.events.map(({ seq }) => seq)).toEqual([2, 3]);
    expect(page.more).toBe(true);
  });

  it('shows the iterations of a loop as such', async () => {
    const view = await rest(await start('loop'));
    expect(view.run.status).toBe('done');
    expect(
      view.scopes.map(({ controller_task_id, iteration }) => [controller_task_id, iteration]),
    ).toEqual([
      [null, 0],
      ['loop', 1],
      ['loop', 2],
    ]);
    expect(view.decisions.map(({ chosen }) => chosen)).toEqual([['step'], ['step'], ['end']]);
  });

  it('is aborted, whoever drives it', async () => {
    writeProgram(path.join(root, 'long'), { sleep: { run: 'sleep 300' } });
    const long = await serve(path.join(root, 'long'));
    try {
      const runId = await long.start('sleep');
      await until(async () => {
        const { run } = await long.get<RunView>(`/api/runs/${runId}`);
        return run.counts.running === 1 ? run : null;
      });
      await long.send<ActionResult>('POST', `/api/runs/${runId}/abort`, {});
      const aborted = await until(async () => {
        const { run } = await long.get<RunView>(`/api/runs/${runId}`);
        return run.status === 'failed' ? run : null;
      });
      expect(aborted.aborted).toBe(true);
    } finally {
      await long.server.close();
    }
  });

  it('says what is wrong with a reply file, and with a run that cannot be read', async () => {
    const runId = await start('next');
    const { interrupts } = await rest(runId);
    const id = interrupts[0]?.interrupt.interrupt_id;
    writeFileSync(path.join(dir, '.runs', runId, 'inbox/replies', `${id}.json`), '{"text": 1}');
    const shown = await served.get<QuestionView>(`/api/runs/${runId}/interrupts/${id}`);
    expect(shown.refused_reply?.reason).toMatch(/"text" must be a string/);
    expect((await served.get<RunView>(`/api/runs/${runId}`)).refused_files).toHaveLength(1);

    const log = path.join(dir, '.runs', runId, 'events.jsonl');
    const text = readFileSync(log, 'utf8');
    writeFileSync(log, text.replace('"run_created"', '"run_destroyed"'));
    await served.get(`/api/runs/${runId}`, 422);
    const { runs } = await served.get<RunPage>('/api/runs');
    expect(runs.find((run) => run.id === runId)).toBeDefined();
    writeFileSync(log, text);
  });
});

describe('many runs', () => {
  it('are listed page by page, and the first view does not wait for all of them', async () => {
    const many = path.join(root, 'many');
    writeProgram(many, { one: { run: finish } });
    const first = await codexOrch(['run', 'start', many, '--root', 'one', '--no-wait'], {
      cwd: root,
    });
    expect(first.code, first.stderr).toBe(0);
    const id = first.stdout.trim();
    const runs = path.join(many, '.runs');
    await until(() => {
      const file = path.join(runs, id, 'state/run.json');
      const done = existsSync(file) && readFileSync(file, 'utf8').includes('"status": "done"');
      return done ? true : null;
    });
    const log = readFileSync(path.join(runs, id, 'events.jsonl'), 'utf8');
    const summary = readFileSync(path.join(runs, id, 'state/run.json'), 'utf8');
    for (let number = 0; number < 1000; number += 1) {
      const copy = `20200101000000-${number.toString(16).padStart(8, '0')}`;
      mkdirSync(path.join(runs, copy, 'state'), { recursive: true });
      // Read by its summary alone: the log belongs to another run.
      writeFileSync(path.join(runs, copy, 'events.jsonl'), log);
      writeFileSync(path.join(runs, copy, 'state/run.json'), summary.replaceAll(id, copy));
    }
    // The least of a few new servers, in processor time: the machine may be busy with other tests.
    const tookMs: number[] = [];
    for (let time = 0; time < 4; time += 1) {
      const fresh = await serve(many);
      const before = process.cpuUsage();
      const overview = await fresh.get<Overview>('/api/overview');
      const { user, system } = process.cpuUsage(before);
      tookMs.push((user + system) / 1000);
      await fresh.server.close();
      expect(overview.total).toBe(1001);
      expect(overview.done.length).toBeGreaterThan(0);
    }
    expect(Math.min(...tookMs)).toBeLessThan(300);
    const cold = await serve(many);
    try {
      await until(async () => {
        const { complete } = await cold.get<Overview>('/api/overview');
        return complete ? true : null;
      });
      const seen = new Set<string>();
      let cursor: string | null = '';
      while (cursor !== null) {
        const page: RunPage = await cold.get<RunPage>(`/api/runs?limit=200&cursor=${cursor}`);
        for (const run of page.runs) seen.add(run.id);
        cursor = page.next_cursor;
      }
      expect(seen.size).toBe(1001);
    } finally {
      await cold.server.close();
    }
  });
});
