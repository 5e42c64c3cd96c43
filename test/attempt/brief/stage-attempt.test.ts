import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Json } from '../../../src/model/json.ts';
import type { AttemptRecord } from '../../../src/model/run.ts';
import type { Dependency } from '../../../src/model/program.ts';
import { stageAttempt } from '../../../src/attempt/brief/stage-attempt.ts';
import type {
  StagedFile,
  StageOutcome,
  StageRequest,
  UpstreamOutput,
} from '../../../src/attempt/brief/stage-request.ts';
import {
  interruptRecord,
  put,
  removeDirectory,
  stageRequest,
  temporaryDirectory,
} from '../fixture.ts';

let root: string;
beforeEach(() => {
  root = temporaryDirectory();
});
afterEach(() => removeDirectory(root));

function dependency(task: string, consume: string[], as: string | null = null): Dependency {
  return { task, kind: consume.length > 0 ? 'context' : 'order', consume, as };
}

/** An instance of task `plan` that published these files, as the log has it; they need not be there. */
function upstreamOutput(
  instanceId: string,
  publishedDir: string,
  published: Record<string, string | Uint8Array>,
  result?: Json,
): UpstreamOutput {
  return {
    instanceId,
    taskId: 'plan',
    publishedDir,
    published: Object.entries(published).map(([name, content]) => ({
      relative_path: name,
      size: Buffer.byteLength(content),
      sha256: createHash('sha256').update(content).digest('hex'),
    })),
    attemptDir: path.join(root, 'upstream'),
    changes: () => Promise.resolve(Buffer.from('diff --git a/f b/f\n')),
    result: () => (result === undefined ? null : { value: result }),
  };
}

async function staged(request: StageRequest): Promise<StageOutcome & { ok: true }> {
  const outcome = await stageAttempt(request);
  if (!outcome.ok) throw new Error(outcome.message);
  return outcome;
}

function read(request: StageRequest, relative: string): string {
  return readFileSync(path.join(request.attemptDir, relative), 'utf8');
}

function ref(name: string): { kind: 'ref'; ref: string } {
  return { kind: 'ref', ref: name };
}

const commandBackend = {
  name: 'command',
  needsPrompt: false,
  hasSession: false,
  hasSandbox: false,
  takesOutputSchema: false,
};

describe('a command', () => {
  it('for which nothing is composed gets no context, and is told which command says how to ask', async () => {
    const request = stageRequest(root, {}, { backend: commandBackend });
    expect((await staged(request)).stagedFiles).toEqual([]);
    expect(readdirSync(request.attemptDir).sort()).toEqual(['prompt.md', 'scratch']);
    const prompt = read(request, 'prompt.md');
    expect(prompt).toContain('interrupt create --help');
    expect(prompt).not.toContain('context/');
  });

  it.each([
    ['something is composed', { compose: [{ kind: 'literal' as const, text: 'Do.' }] }, {}],
    ['an earlier attempt was made', {}, { attempt: 2 }],
  ])('has it where %s', async (_, spec, overrides) => {
    const request = stageRequest(root, spec, { backend: commandBackend, ...overrides });
    await staged(request);
    const help = 'context/interrupt/requesting-help.md';
    expect(read(request, 'context/manifest.json')).toContain(help);
    expect(read(request, 'prompt.md')).toContain(help);
  });
});

describe('section 8.1: references', () => {
  it('stages inputs as text or JSON, and names them by size and hash without content', async () => {
    const text = 'secret brief\r\n\tÄ';
    const request = stageRequest(
      root,
      { compose: [ref('inputs.brief'), ref('inputs.data'), ref('inputs.brief')] },
      { values: { brief: text, data: { a: [1, null] } } },
    );
    const { stagedFiles } = await staged(request);
    expect(read(request, 'context/refs/inputs/brief.txt')).toBe(text);
    expect(JSON.parse(read(request, 'context/refs/inputs/data.json'))).toEqual({ a: [1, null] });
    const hash = createHash('sha256').update(text).digest('hex');
    expect(stagedFiles.filter((file) => file.source === 'inputs.brief')).toEqual([
      {
        path: 'context/refs/inputs/brief.txt',
        source: 'inputs.brief',
        kind: 'reference',
        content_type: 'text/plain',
        size: Buffer.byteLength(text),
        sha256: hash,
      },
    ]);
    const prompt = read(request, 'prompt.md');
    expect(prompt).toContain(path.join(request.attemptDir, 'context/refs/inputs/brief.txt'));
    expect(prompt.split(hash)).toHaveLength(3);
    expect(prompt).toContain(`${Buffer.byteLength(text)} bytes`);
    expect(prompt).not.toContain('secret brief');
  });

  it('gives every odd key a file of its own inside the attempt', async () => {
    const keys = ['a/b', 'a%2Fb', '../../x', '.hidden', 'é', '', ' ', 'Key', 'key', 'key.txt']
      .concat(['x'.repeat(300), `${'x'.repeat(299)}y`, 'a.b', 'line\nbreak', '__proto__'])
      .filter((key) => key !== '');
    const values = JSON.parse(
      `{${keys.map((k) => `${JSON.stringify(k)}:"v"`).join(',')}}`,
    ) as Record<string, string>;
    const request = stageRequest(
      root,
      { compose: keys.map((key) => ref(`inputs.${key}`)) },
      { values },
    );
    const { stagedFiles } = await staged(request);
    const inputs = stagedFiles.filter((file) => file.kind === 'reference');
    expect(inputs.map((file) => file.source)).toEqual(keys.map((key) => `inputs.${key}`));
    expect(new Set(inputs.map((file) => file.path.toLowerCase())).size).toBe(keys.length);
    for (const file of inputs) {
      expect(path.posix.dirname(file.path)).toBe('context/refs/inputs');
      expect(path.posix.basename(file.path)).toMatch(/^[A-Za-z0-9_%~-][A-Za-z0-9._%~-]*\.txt$/);
      expect(read(request, file.path)).toBe('v');
    }
  });

  it('copies results and artifacts of upstream instances, whatever their scope is called', async () => {
    const publishedDir = path.join(root, 'up', 'published');
    const big = Buffer.alloc(5 * 1024 * 1024 + 17, 0xff);
    put(publishedDir, 'out/deep.bin', big);
    const plain = 'text without extension';
    put(publishedDir, 'plain', plain);
    const request = stageRequest(
      root,
      {
        depends_on: [dependency('plan', ['out/deep.bin', 'plain'], 'a.b'), dependency('a', [])],
        compose: [
          ref('deps.a.b.artifacts.out/deep.bin'),
          ref('deps.a.b.result'),
          ref('deps.a.b.artifacts.plain'),
        ],
      },
      {
        upstream: {
          'a.b': upstreamOutput('plan-1', publishedDir, { 'out/deep.bin': big, plain }, { n: 1 }),
        },
      },
    );
    const { stagedFiles } = await staged(request);
    const copy = path.join(request.attemptDir, 'context/refs/deps/a.b/artifacts/out/deep.bin');
    expect(readFileSync(copy).equals(big)).toBe(true);
    expect(read(request, 'context/refs/deps/a.b/result.json')).toBe('{\n  "n": 1\n}\n');
    expect(stagedFiles.slice(0, 3).map((file) => file.content_type)).toEqual([
      'application/octet-stream',
      'application/json',
      'text/plain',
    ]);
    expect(stagedFiles[0]?.sha256).toBe(createHash('sha256').update(big).digest('hex'));
  });

  it('stages what an upstream instance changed', async () => {
    const request = stageRequest(
      root,
      { depends_on: [dependency('plan', [], 'a.b')], compose: [ref('deps.a.b.changes')] },
      { upstream: { 'a.b': upstreamOutput('plan-1', root, {}) } },
    );
    const { stagedFiles } = await staged(request);
    expect(stagedFiles[0]).toMatchObject({
      path: 'context/refs/deps/a.b/changes.diff',
      content_type: 'text/x-diff',
    });
    expect(read(request, 'context/refs/deps/a.b/changes.diff')).toBe('diff --git a/f b/f\n');
  });

  it('stages a part of a result or an input beside its whole', async () => {
    const request = stageRequest(
      root,
      {
        depends_on: [dependency('find', [])],
        compose: [
          'deps.find.result.failures.0.file',
          'deps.find.result',
          'inputs.goal.parts.1',
        ].map(ref),
      },
      {
        upstream: { find: upstreamOutput('find-1', root, {}, { failures: [{ file: 'a.ts' }] }) },
        values: { goal: { parts: ['x', 'the second'] } },
      },
    );
    const { stagedFiles } = await staged(request);
    expect(stagedFiles.slice(0, 3).map((file) => file.path)).toEqual([
      'context/refs/deps/find/result/failures.0.file.json',
      'context/refs/deps/find/result.json',
      'context/refs/inputs/goal/parts.1.txt',
    ]);
    expect(read(request, 'context/refs/deps/find/result/failures.0.file.json')).toBe('"a.ts"\n');
    expect(read(request, 'context/refs/inputs/goal/parts.1.txt')).toBe('the second');
    expect(read(request, 'prompt.md')).toContain('Reference `deps.find.result.failures.0.file`');
  });

  it('says where a path ends that leads nowhere', async () => {
    const request = stageRequest(
      root,
      { depends_on: [dependency('find', [])], compose: [ref('deps.find.result.failure.0')] },
      { upstream: { find: upstreamOutput('find-1', root, {}, { failures: [] }) } },
    );
    expect(await stageAttempt(request)).toMatchObject({
      ok: false,
      message:
        'deps.find.result.failure.0 cannot be staged: the result of instance find-1 of task plan has no "failure" (it has "failures"). Did you mean "failures"?',
    });
  });

  it('stages replies, and the latest one', async () => {
    const first = interruptRecord('int-1', {}, { created_at: '2026-01-02T00:00:00.000Z' });
    const second = interruptRecord('int-2', {}, { created_at: '2026-01-01T00:00:00.000Z' });
    const open = interruptRecord('int-3', {}, null);
    const request = stageRequest(
      root,
      { compose: [ref('runtime.replies'), ref('runtime.latest_reply')] },
      { interrupts: [first, second, open] },
    );
    await staged(request);
    const { run_id, instance_id, task_id } = first.interrupt;
    const names = { run_id, instance_id, task_id };
    const replies: unknown = JSON.parse(read(request, 'context/refs/runtime/replies.json'));
    expect(replies).toEqual([
      { ...names, interrupt: first.interrupt, reply: first.reply },
      { ...names, interrupt: second.interrupt, reply: second.reply },
    ]);
    const latest: unknown = JSON.parse(read(request, 'context/refs/runtime/latest_reply.json'));
    expect(latest).toEqual({ ...names, interrupt: first.interrupt, reply: first.reply });
    await staged({ ...request, interrupts: [] });
    expect(read(request, 'context/refs/runtime/latest_reply.json')).toBe('null\n');
    expect(read(request, 'context/refs/runtime/replies.json')).toBe('[]\n');
  });

  it('lists every staged file in the manifest, and all of them are true', async () => {
    const request = stageRequest(
      root,
      {
        compose: [{ kind: 'file', path: 'prompts/a.md' }, ref('inputs.x')],
        result_schema: 'schemas/s.yaml',
      },
      { values: { x: 1 }, resultCalledFor: true },
    );
    put(request.run.frozenProgramDir, 'prompts/a.md', 'Do it.\n');
    put(request.run.frozenProgramDir, 'schemas/s.yaml', 'type: object\n');
    const { stagedFiles } = await staged(request);
    const manifest = JSON.parse(read(request, 'context/manifest.json')) as { files: StagedFile[] };
    expect(manifest.files).toEqual(stagedFiles);
    expect(stagedFiles.map((file) => file.path)).toEqual([
      'context/compose/program/prompts/a.md',
      'context/refs/inputs/x.json',
      'context/output-schema.json',
      'context/interrupt/requesting-help.md',
    ]);
    for (const file of stagedFiles) {
      const bytes = readFileSync(path.join(request.attemptDir, file.path));
      expect(file.size).toBe(bytes.length);
      expect(file.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
    }
  });

  it('says in the manifest also where each part of the prompt comes from', async () => {
    const big = 'x'.repeat(20_000);
    const request = stageRequest(
      root,
      {
        compose: [
          { kind: 'file', path: 'prompts/a.md' },
          ...['inputs.x', 'inputs.big', 'runtime.replies'].map(ref),
          ...['deps.up.result', 'deps.up.changes', 'deps.up.artifacts.out/image.bin'].map(ref),
        ],
        depends_on: [{ task: 'up', kind: 'context', consume: ['out/image.bin'], as: null }],
      },
      { values: { x: 1, big } },
    );
    const { runDir, frozenProgramDir } = request.run;
    put(frozenProgramDir, 'prompts/a.md', 'Do it.\n');
    const publishedDir = path.join(runDir, 'instances', 'up-1', 'published');
    const bytes = Buffer.from([0, 1, 2]);
    const published = put(publishedDir, 'out/image.bin', bytes);
    const hash = createHash('sha256').update(bytes).digest('hex');
    request.upstream['up'] = {
      ...{ instanceId: 'up-1', taskId: 'up', publishedDir, attemptDir: '' },
      published: [{ relative_path: 'out/image.bin', size: 3, sha256: hash }],
      changes: () => Promise.resolve(bytes),
      result: () => ({ value: {} }),
    };
    const started_at = '2026-01-01T00:00:00.000Z';
    request.instance = { ...request.instance, attempts: [{ started_at } as AttemptRecord] };
    await staged(request);
    const { entries } = JSON.parse(read(request, 'context/manifest.json')) as {
      entries: Record<string, unknown>[];
    };
    const at = (relative: string): string => path.join(request.attemptDir, relative);
    expect(
      entries.map((each) => [each['source_kind'], each['source_reference'], each['source_path']]),
    ).toEqual([
      ['compose_program_file', 'prompts/a.md', path.join(frozenProgramDir, 'prompts/a.md')],
      ['compose_input_ref', 'inputs.x', at('context/refs/inputs/x.json')],
      ['compose_input_ref', 'inputs.big', at('context/refs/inputs/big.txt')],
      ['compose_runtime_ref', 'runtime.replies', at('context/refs/runtime/replies.json')],
      ['compose_dep_result_ref', 'deps.up.result', path.join(runDir, 'state/results/up-1.json')],
      ['compose_dep_changes_ref', 'deps.up.changes', at('context/refs/deps/up/changes.diff')],
      ['compose_dep_artifact_ref', 'deps.up.artifacts.out/image.bin', published],
    ]);
    expect(entries.map((each) => [each['content_kind'], each['truncated']])).toEqual([
      ...[false, false, true, false, false].map((truncated) => ['text', truncated]),
      ['binary', false],
      ['binary', false],
    ]);
    expect(entries.at(-1)).toMatchObject({
      staged_path: at('context/refs/deps/up/artifacts/out/image.bin'),
      staged_relative_path: 'context/refs/deps/up/artifacts/out/image.bin',
      byte_size: 3,
      sha256: hash,
      updated_at: started_at,
    });
  });

  it('clears its own former output, and nothing of the worker', async () => {
    const request = stageRequest(root, { compose: [ref('inputs.x')] }, { values: { x: 'old' } });
    await staged(request);
    put(request.attemptDir, 'scratch/note.md', 'mine');
    put(request.attemptDir, 'context/refs/half-written', '');
    await staged({ ...request, values: { x: { now: 'JSON' } } });
    expect(existsSync(path.join(request.attemptDir, 'context/refs/inputs/x.txt'))).toBe(false);
    expect(existsSync(path.join(request.attemptDir, 'context/refs/half-written'))).toBe(false);
    expect(read(request, 'scratch/note.md')).toBe('mine');
    expect(statSync(path.join(request.attemptDir, 'prompt.md')).isFile()).toBe(true);
  });
});

describe('section 8.1: what cannot be staged', () => {
  async function refusal(request: StageRequest): Promise<string> {
    const outcome = await stageAttempt(request);
    if (outcome.ok) throw new Error('it was staged');
    expect(existsSync(path.join(request.attemptDir, 'prompt.md'))).toBe(false);
    return `${outcome.location}: ${outcome.message}`;
  }

  it('an input that nobody gave, also one named like a method of objects', async () => {
    for (const key of ['brief', 'constructor']) {
      const request = stageRequest(root, {
        compose: [{ kind: 'literal', text: 'x' }, ref(`inputs.${key}`)],
      });
      const message = await refusal(request);
      expect(message).toContain(`tasks.build.compose[1]: inputs.${key} cannot be staged`);
      expect(message).toContain(`--input ${key}=`);
    }
  });

  it('a result or an artifact that is missing', async () => {
    const publishedDir = path.join(root, 'published');
    const upstream = { plan: upstreamOutput('plan-77', publishedDir, { 'there.md': '' }) };
    const depends_on = [dependency('plan', ['gone.md', 'there.md'])];
    const ask = (name: string): Promise<string> =>
      refusal(stageRequest(root, { depends_on, compose: [ref(name)] }, { upstream }));
    expect(await ask('deps.plan.result')).toContain('plan-77 of task plan left no result.json');
    expect(await ask('deps.plan.artifacts.gone.md')).toContain(
      'gone.md is not among what instance plan-77 published',
    );
    expect(await ask('deps.other.result')).toContain('is no reference of task build');
  });

  it.each<[string, (file: string) => void, string]>([
    ['changed', (file) => writeFileSync(file, 'whole'), 'its SHA-256 is '],
    ['missing', (file) => rmSync(file), 'it is missing'],
    ['truncated', (file) => truncateSync(file, 3), 'it has 3 bytes, and had 5'],
    [
      'replaced by a link to what it was',
      (file) => {
        renameSync(file, `${file}.was`);
        symlinkSync(`${file}.was`, file);
      },
      'it is a symbolic link',
    ],
    [
      'replaced by a link to elsewhere',
      (file) => {
        rmSync(file);
        symlinkSync('/etc/hostname', file);
      },
      'it is a symbolic link',
    ],
    [
      'replaced by a directory',
      (file) => {
        rmSync(file);
        mkdirSync(file);
      },
      'it is not a regular file',
    ],
    [
      'replaced by a pipe',
      (file) => {
        rmSync(file);
        execFileSync('mkfifo', [file]);
      },
      'it is not a regular file',
    ],
    [
      'with its directory replaced',
      (file) => {
        rmSync(path.dirname(file), { recursive: true });
        writeFileSync(path.dirname(file), '');
      },
      'it is missing',
    ],
    [
      'removed with all others',
      (file) => rmSync(path.dirname(path.dirname(file)), { recursive: true }),
      'it is missing',
    ],
  ])('an artifact that was %s since it was published', async (_name, harm, reason) => {
    const publishedDir = path.join(root, 'published');
    const file = put(publishedDir, 'out/a.md', 'bytes');
    const request = stageRequest(
      root,
      {
        depends_on: [dependency('plan', ['out/a.md'])],
        compose: [ref('deps.plan.artifacts.out/a.md')],
      },
      { upstream: { plan: upstreamOutput('plan-77', publishedDir, { 'out/a.md': 'bytes' }) } },
    );
    await staged(request);
    harm(file);
    const message = await refusal(request);
    expect(message).toContain(
      `${file} was changed since instance plan-77 of task plan published it: `,
    );
    expect(message).toContain(reason);
    expect(message).toMatch(/codex-orch run retry-instance \S+ \S+ build-00000001$/);
    const copy = path.join(request.attemptDir, 'context/refs/deps/plan/artifacts/out/a.md');
    expect(existsSync(copy)).toBe(false);
  });

  it('a prompt file that is missing, outside, or not UTF-8', async () => {
    const request = stageRequest(root, { compose: [{ kind: 'file', path: 'p.md' }] });
    expect(await refusal(request)).toContain('p.md cannot be put into the prompt');
    const file = path.join(request.run.frozenProgramDir, 'p.md');
    symlinkSync('/etc/hostname', file);
    expect(await refusal(request)).toContain('symbolic link');
    removeDirectory(file);
    writeFileSync(file, Buffer.from([0x41, 0xe9, 0x42]));
    expect(await refusal(request)).toContain('it is not UTF-8 text');
  });

  it('a result schema that is broken', async () => {
    const request = stageRequest(root, { result_schema: 's.json' });
    expect(await refusal(request)).toContain('tasks.build.result_schema: ');
    put(request.run.frozenProgramDir, 's.json', '{"$ref":"https://example.com/s.json"}');
    expect(await refusal(request)).toContain('references to other places are not fetched');
  });
});

describe('the output schema', () => {
  it('is the frozen file where that is plain JSON, else a self-contained copy', async () => {
    const plain = stageRequest(
      root,
      { result_schema: 'schemas/s.json' },
      { resultCalledFor: true },
    );
    const frozen = put(plain.run.frozenProgramDir, 'schemas/s.json', '{"type":"object"}');
    expect((await staged(plain)).outputSchemaFile).toBe(frozen);

    put(plain.run.frozenProgramDir, 'schemas/y.yaml', '$ref: s.json\n');
    const yaml = stageRequest(root, { result_schema: 'schemas/y.yaml' }, { resultCalledFor: true });
    const file = (await staged(yaml)).outputSchemaFile;
    expect(file).toBe(path.join(yaml.attemptDir, 'context/output-schema.json'));
    expect(JSON.parse(readFileSync(file as string, 'utf8'))).toEqual({
      $ref: '#/$defs/schemas_s_json',
      $defs: { schemas_s_json: { type: 'object' } },
    });
  });

  it('is not handed to a backend that takes none, but named in the prompt', async () => {
    const request = stageRequest(
      root,
      { result_schema: 's.json' },
      {
        resultCalledFor: true,
        backend: commandBackend,
      },
    );
    const frozen = put(request.run.frozenProgramDir, 's.json', '{"type":"object"}');
    expect((await staged(request)).outputSchemaFile).toBe(null);
    expect(read(request, 'prompt.md')).toContain(frozen);
  });
});
