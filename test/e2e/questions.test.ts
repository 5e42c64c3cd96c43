/** Sections 8.4 and 9 of the contract through the built program: refusals, bad input, hand-offs, gates. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InterruptEntry } from '../../src/app/inbox/list.ts';
import type { Instance } from '../../src/model/run.ts';
import { listRunIds, runPaths, type RunPaths } from '../../src/store/layout.ts';
import { viewRun } from '../../src/store/directory/view.ts';
import { replayLog } from '../../src/store/log/replay.ts';
import { codexOrch, testDirectory, writeFiles, type Ended } from '../support/built-program.ts';

const program = testDirectory('questions');
afterAll(() => rmSync(program, { recursive: true, force: true }));

function cli(...args: string[]): Promise<Ended> {
  return codexOrch(args, { cwd: program });
}

const first = '[ "$(basename "$CODEX_ORCH_ATTEMPT_DIR")" = 0001 ]';
const ask = 'codex-orch interrupt create --kind question';
const finish = 'cp "$CODEX_ORCH_ATTEMPT_DIR/prompt.md" "$CODEX_ORCH_ATTEMPT_DIR/final.md"';

function task(id: string, run: string, more: Record<string, unknown> = {}): [string, unknown] {
  return [`tasks/${id}.yaml`, { id, title: id, status: 'ready', run, ...more }];
}

beforeAll(() => {
  writeFiles(program, {
    'project.yaml': { name: 'q', workspace: 'ws', default_agent: 'shell', user_inputs: {} },
    'ws/README.md': '',
    'schemas/reply.yaml':
      'type: object\nrequired: [verdict]\nadditionalProperties: false\nproperties:\n  verdict: {$ref: parts/verdict.json}\n',
    'schemas/parts/verdict.json': { enum: ['ship', 'hold'] },
    'schemas/broken.json': '{"type": 3}',
    'assistant_roles/_shared/operating-model.md': 'Answer.',
    'assistant_roles/reviewer/instructions.md': 'Review.',
    'assistant_roles/namer/instructions.md': 'Name.',
    'assistant_roles/reviewer/role.yaml': { id: 'reviewer', title: 'Reviewer' },
    'assistant_roles/namer/role.yaml': {
      id: 'namer',
      title: 'Namer',
      policy: { decision_kinds: ['naming'] },
    },
    ...Object.fromEntries([
      task(
        'gate',
        `if ${first}; then ${ask} --audience human --question 'Ship?' --reply-schema schemas/reply.yaml --option ship --option hold; else ${finish}; fi`,
      ),
      task(
        'plain',
        `if ${first}; then ${ask} --audience human --question 'Why?'; else ${finish}; fi`,
      ),
      task('closed', finish, {
        interaction_policy: { allow_human: false, allowed_assistant_roles: ['namer'] },
      }),
      task(
        'handed',
        `if ${first}; then ${ask} --audience assistant --target-role reviewer --question 'Which way?'; else ${finish}; fi`,
      ),
      task(
        'decides',
        `case "$CODEX_ORCH_ATTEMPT_DIR" in */0001) ${ask} --audience human --decision-kind review --question 'Good?';; */0002) ${ask} --audience assistant --decision-kind naming --question 'Name?';; *) ${finish};; esac`,
        {
          required_decisions: [
            { decision_kind: 'review', audience: 'human' },
            { decision_kind: 'naming', audience: 'any' },
          ],
        },
      ),
      task(
        'decides_not',
        `${ask} --audience human --decision-kind review --question 'Good?' --non-blocking; ${finish}`,
        {
          required_decisions: [
            { decision_kind: 'review', audience: 'human', description: 'release' },
          ],
        },
      ),
      task('once', `echo once >> effects.log; ${finish}`),
      task(
        'round',
        `if ${first}; then echo round >> effects.log; ${ask} --audience human --question "Go on?"; else ${finish}; fi`,
        {
          depends_on: [{ task: 'once', kind: 'order' }],
        },
      ),
      task(
        'again',
        `n=$(cat "$CODEX_ORCH_ATTEMPT_DIR/context/refs/inputs/n.json")
if ${first} && [ "$n" = 2 ]; then ${ask} --audience human --question 'Enough?'; exit 0; fi
if [ "$n" = 2 ]; then echo '{"control":{"kind":"loop","action":"stop"}}'; else echo '{"control":{"kind":"loop","action":"continue","next_inputs":{"n":2}}}'; fi > "$CODEX_ORCH_ATTEMPT_DIR/result.json"`,
        {
          kind: 'controller',
          publish: [],
          compose: [{ kind: 'ref', ref: 'inputs.n' }],
          depends_on: [{ task: 'round', kind: 'order' }],
          control: { mode: 'loop', continue_targets: ['round'], stop_targets: ['end'] },
        },
      ),
      task('end', finish, { depends_on: [{ task: 'again', kind: 'order' }] }),
    ]),
  });
});

interface Run {
  id: string;
  paths: RunPaths;
  ended: Ended;
  instances(): Instance[];
  only(): Instance;
  open(): Promise<InterruptEntry[]>;
}

async function start(root: string, ...more: string[]): Promise<Run> {
  const ended = await cli('run', 'start', '--root', root, ...more);
  const id = ended.stdout.trim();
  expect(listRunIds(program), ended.stderr).toContain(id);
  const paths = runPaths(program, id);
  const instances = (): Instance[] => [...viewRun(paths).state.instances.values()];
  return {
    id,
    paths,
    ended,
    instances,
    only: () => instances()[0] as Instance,
    async open() {
      const listed = await cli('inbox', 'list', '--run-id', id, '--unresolved-only', '--json');
      return JSON.parse(listed.stdout) as InterruptEntry[];
    },
  };
}

async function theOpenOne(run: Run): Promise<InterruptEntry> {
  const open = await run.open();
  expect(open).toHaveLength(1);
  return open[0] as InterruptEntry;
}

describe('9. interrupt create refuses', () => {
  let run: Run;
  beforeAll(async () => {
    run = await start('closed');
    expect(run.ended.code).toBe(0);
  });
  const create = (...args: string[]) =>
    cli(
      ...['interrupt', 'create', '--program-dir', '.', '--run-id', run.id],
      ...[
        '--instance-id',
        run.only().instance_id,
        '--kind',
        'question',
        '--question',
        'q',
        ...args,
      ],
    );

  it.each([
    ['a human where allow_human is false', ['--audience', 'human'], 'may not ask a human'],
    [
      'a role that the task may not ask',
      ['--audience', 'assistant', '--target-role', 'reviewer'],
      'task closed may not ask role reviewer; it may ask namer',
    ],
    [
      'an unknown role',
      ['--audience', 'assistant', '--target-role', 'ghost'],
      'there is no role ghost',
    ],
    [
      'a question that no role fits',
      ['--audience', 'assistant'],
      'name one with --target-role: namer',
    ],
    [
      'an artifact outside the program',
      ['--audience', 'assistant', '--target-role', 'namer', '--artifact', '../x'],
      'artifact "../x": ',
    ],
    [
      'a schema outside the program',
      ['--audience', 'assistant', '--target-role', 'namer', '--reply-schema', '/etc/passwd'],
      'reply schema "/etc/passwd": ',
    ],
    [
      'a schema that no reply could fit',
      [
        '--audience',
        'assistant',
        '--target-role',
        'namer',
        '--reply-schema',
        'schemas/broken.json',
      ],
      'schemas/broken.json is no valid JSON Schema',
    ],
    ['another task', ['--audience', 'human', '--task-id', 'gate'], 'is of task closed, not gate'],
    ['an empty question', ['--audience', 'human', '--question', ' '], 'the question is empty'],
    [
      'both blocking and not',
      ['--audience', 'human', '--blocking', '--non-blocking'],
      'exclude each other',
    ],
  ])('%s', async (_name, args, message) => {
    const ended = await create(...args);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toContain(message);
    expect(ended.stderr).toContain('hint: ');
    expect(readdirSync(run.paths.inboxInterrupts)).toEqual([]);
  });

  it('an instance that the run does not have', async () => {
    const ended = await create('--audience', 'human', '--instance-id', 'closed-00000000');
    expect(ended).toMatchObject({ code: 4 });
    expect(ended.stderr).toContain('has no instance "closed-00000000"');
  });

  it('nothing else: it prints the id, or the interrupt, and takes it in where no engine lives', async () => {
    rmSync(run.paths.stateDir, { recursive: true });
    const args = ['--audience', 'assistant', '--decision-kind', 'naming', '--option', 'a', 'b'];
    const ended = await create(...args, '--metadata', 'k=v=w', '--non-blocking', '--json');
    expect(ended.code, ended.stderr).toBe(0);
    const interrupt = JSON.parse(ended.stdout) as InterruptEntry['interrupt'];
    expect(interrupt).toMatchObject({
      run_id: run.id,
      task_id: 'closed',
      blocking: false,
      decision_kind: 'naming',
      options: ['a', 'b'],
      metadata: { k: 'v=w' },
      requested_target_role_id: null,
      recommended_target_role_id: 'namer',
      resolved_target_role_id: 'namer',
      target_resolution_reason: 'it takes naming decisions',
      status: 'open',
    });
    expect(interrupt.interrupt_id).toMatch(/^int-[0-9a-f]{12}$/);
    expect(viewRun(run.paths).state.interrupts.get(interrupt.interrupt_id)?.interrupt).toEqual(
      interrupt,
    );
    const listed = await cli('interrupt', 'list', '--run-id', run.id);
    expect(listed.stdout).toBe(
      `${interrupt.interrupt_id}\trun=${run.id}\tinstance=${run.only().instance_id}\taudience=assistant\tstatus=open\n`,
    );
    const recommended = await cli(
      ...['interrupt', 'recommend', '--run-id', run.id, '--task-id', 'closed'],
      ...['--kind', 'question', '--decision-kind', 'naming', '--json'],
    );
    expect(JSON.parse(recommended.stdout)).toEqual({
      audience: 'assistant',
      request_kind: 'question',
      decision_kind: 'naming',
      allowed_assistant_roles: ['namer'],
      ranked_role_ids: ['namer'],
      recommended_target_role_id: 'namer',
      target_resolution_reason: 'it takes naming decisions',
      allow_human: false,
    });
    const human = await cli(
      ...[
        'interrupt',
        'recommend',
        '--run-id',
        run.id,
        '--task-id',
        'closed',
        '--audience',
        'human',
      ],
      '--json',
    );
    expect(JSON.parse(human.stdout)).toMatchObject({ allow_human: false });
  });
});

describe('9. inbox reply', () => {
  it('checks the payload against the schema before anything is sent', async () => {
    const run = await start('gate');
    expect(run.ended.code).toBe(3);
    const { interrupt } = await theOpenOne(run);
    const id = interrupt.interrupt_id;
    for (const [args, message] of [
      [['--text', 'x'], 'at /verdict: is missing'],
      [
        ['--text', 'x', '--payload-json', '{"verdict": "go"}'],
        'at /verdict: must be one of "ship", "hold"',
      ],
      [
        ['--text', 'x', '--payload-json', '{"verdict": "ship", "w": 1}'],
        'at /w: is not an allowed field; allowed: verdict',
      ],
      [['--text', 'x', '--payload-json', '{"verdict'], '--payload-json is no JSON'],
      [['--text', ' ', '--payload-json', '{"verdict": "ship"}'], 'the answer is empty'],
      [['--payload-json', '{"verdict": "ship"}'], 'say it with --text'],
      [['--text', 'x', '--reply-kind', 'handoff_to_human'], "a human's reply is always an answer"],
    ] as const) {
      const ended = await cli('inbox', 'reply', id, ...args);
      expect(ended).toMatchObject({ code: 2, stdout: '' });
      expect(ended.stderr).toContain(message);
      expect(readdirSync(run.paths.inboxReplies)).toEqual([]);
    }
    const payload = path.join(program, 'payload.json');
    writeFileSync(payload, '{"verdict": "ship"}');
    const sent = await cli(
      ...['inbox', 'reply', '.', id.slice(0, 9), '--text', 'Go.', '--payload-file', payload],
      ...[
        '--rationale',
        'tested',
        '--confidence',
        'high',
        '--citation',
        'a',
        'b',
        '--resume',
        '--json',
      ],
    );
    expect(sent.code, sent.stderr).toBe(0);
    const { reply } = JSON.parse(sent.stdout) as InterruptEntry;
    expect(reply).toMatchObject({
      interrupt_id: id,
      audience: 'human',
      reply_kind: 'answer',
      text: 'Go.',
      payload: { verdict: 'ship' },
      rationale: 'tested',
      confidence: 'high',
      citations: ['a', 'b'],
    });
    expect(run.only()).toMatchObject({ status: 'done', attempt: 2 });

    const second = await cli(
      'inbox',
      'reply',
      id,
      '--text',
      'No.',
      '--payload-json',
      '{"verdict": "hold"}',
    );
    expect(second.code).toBe(2);
    expect(second.stderr).toMatch(/was answered by a human on .*and that stands: "Go\."/);
    const unknown = await cli('inbox', 'reply', 'int-ffffffffffff', '--text', 'x');
    expect(unknown).toMatchObject({ code: 4 });
    expect(unknown.stderr).toContain('there is no interrupt "int-ffffffffffff"');
  });

  it('by file: half a JSON is left and named, the run goes on waiting, a whole one counts', async () => {
    const run = await start('gate');
    const { interrupt } = await theOpenOne(run);
    const file = run.paths.replyFile(interrupt.interrupt_id);
    for (const [text, reason] of [
      ['{"text": "Go', 'it is not JSON'],
      ['{"txt": "Go"}', '"text" is missing'],
      ['{"text": "Go"}', 'at /verdict: is missing'],
    ] as const) {
      writeFileSync(file, text);
      const listed = await cli('inbox', 'list', '--run-id', run.id);
      expect(listed.stdout).toContain('status=open');
      expect(listed.stderr).toContain(`inbox/replies/${interrupt.interrupt_id}.json: `);
      expect(listed.stderr).toContain(reason);
      const resumed = await cli('run', 'resume', run.id);
      expect(resumed.code).toBe(3);
      expect(resumed.stderr).toContain(reason);
      expect(readFileSync(file, 'utf8')).toBe(text);
      expect(run.only()).toMatchObject({ status: 'waiting', attempt: 1 });
    }
    expect((await theOpenOne(run)).problem).toContain('at /verdict: is missing');
    writeFileSync(file, '{"text": "Go", "payload": {"verdict": "hold"}}');
    expect((await theOpenOne(run)).problem).toContain('taken in when the run is resumed');
    const late = await cli(
      'inbox',
      'reply',
      interrupt.interrupt_id,
      '--text',
      'No',
      '--payload-json',
      '{"verdict":"ship"}',
    );
    expect(late.stderr).toContain('that stands: "Go"');
    expect((await cli('run', 'resume', run.id)).code).toBe(0);
    const prompt = readFileSync(
      path.join(run.paths.attemptDir(run.only().instance_id, 2), 'prompt.md'),
      'utf8',
    );
    expect(prompt).toContain('"verdict": "hold"');
  });

  it('by command, where a refused file lies: that file is kept aside', async () => {
    const run = await start('plain');
    const { interrupt } = await theOpenOne(run);
    const file = run.paths.replyFile(interrupt.interrupt_id);
    writeFileSync(file, '{"text": ');
    const sent = await cli('inbox', 'reply', interrupt.interrupt_id, '--text', 'Because.');
    expect(sent.code, sent.stderr).toBe(0);
    expect(sent.stderr).toContain(`kept as inbox/replies/${interrupt.interrupt_id}.json.refused`);
    expect(readFileSync(`${file}.refused`, 'utf8')).toBe('{"text": ');
    expect(viewRun(run.paths).state.interrupts.get(interrupt.interrupt_id)?.reply?.text).toBe(
      'Because.',
    );
  });

  it('hands an assistant over to a human, who gets what the assistant found', async () => {
    const run = await start('handed');
    const asked = await theOpenOne(run);
    const handed = await cli(
      ...['inbox', 'reply', asked.interrupt.interrupt_id, '--reply-kind', 'handoff_to_human'],
      ...['--text', 'I cannot tell.', '--rationale', 'two ways', '--citation', 'x.md', '--resume'],
    );
    expect(handed).toMatchObject({ code: 3 });
    const { interrupt } = await theOpenOne(run);
    expect(interrupt).toMatchObject({
      audience: 'human',
      question: 'Which way?',
      metadata: {
        assistant_interrupt_id: asked.interrupt.interrupt_id,
        assistant_role_id: 'reviewer',
        assistant_summary: 'I cannot tell.',
        assistant_rationale: 'two ways',
        assistant_citations: ['x.md'],
      },
    });
    expect(run.only()).toMatchObject({ status: 'waiting', attempt: 1 });
    expect(
      await cli('inbox', 'reply', interrupt.interrupt_id, '--text', 'Left.', '--resume'),
    ).toMatchObject({ code: 0 });
    const prompt = readFileSync(
      path.join(run.paths.attemptDir(run.only().instance_id, 2), 'prompt.md'),
      'utf8',
    );
    for (const part of ['Left.', 'I cannot tell.', 'two ways', 'x.md'])
      expect(prompt).toContain(part);
  });
});

describe('8.4 Required decisions', () => {
  it('are met by blocking questions of any attempt', async () => {
    const run = await start('decides');
    for (const text of ['Good.', 'Fence.']) {
      const { interrupt } = await theOpenOne(run);
      await cli('inbox', 'reply', interrupt.interrupt_id, '--text', text, '--resume');
    }
    expect(run.only()).toMatchObject({ status: 'done', attempt: 3 });
  });

  it('are not met by one that does not block', async () => {
    const run = await start('decides_not');
    expect(run.ended.code).toBe(1);
    expect(run.only()).toMatchObject({ status: 'failed', failure_kind: 'decision_obligation' });
    expect(run.only().error).toContain('review (audience human: release)');
  });
});

describe('9. Questions in a run that goes on', () => {
  it('hold a loop, and replay nothing', async () => {
    const run = await start('again', '--input-json', 'n=1');
    expect(run.ended.code).toBe(3);
    const status = async (code: number): Promise<void> => {
      const { interrupt } = await theOpenOne(run);
      expect(
        (await cli('inbox', 'reply', interrupt.interrupt_id, '--text', 'Yes.', '--resume')).code,
      ).toBe(code);
    };
    await status(3);
    await status(3);
    await status(0);
    expect(readFileSync(path.join(program, 'ws/effects.log'), 'utf8')).toBe('once\nround\nround\n');
    const attempts = run
      .instances()
      .map(({ task_id, attempt, status: s }) => `${task_id} ${attempt} ${s}`);
    expect(attempts).toEqual([
      'once 1 done',
      'round 2 done',
      'again 1 done',
      'round 2 done',
      'again 2 done',
      'end 1 done',
    ]);
  });

  it('are still waited for when an aborted instance is tried again', async () => {
    const run = await start('plain');
    expect((await cli('run', 'abort', run.id)).code).toBe(0);
    const retried = await cli('run', 'retry-instance', run.id, run.only().instance_id);
    expect(retried.code).toBe(3);
    expect(run.only()).toMatchObject({ status: 'waiting', attempt: 1 });
    const { interrupt } = await theOpenOne(run);
    expect(
      (await cli('inbox', 'reply', interrupt.interrupt_id, '--text', 'So.', '--resume')).code,
    ).toBe(0);
    expect(run.only()).toMatchObject({ status: 'done', attempt: 2 });
  });

  it('count when the engine died before it could take them in', async () => {
    const run = await start('plain');
    const { interrupt } = await theOpenOne(run);
    // As if the engine had been killed right after the attempt began: the log ends there.
    const lines = readFileSync(run.paths.eventsLog, 'utf8').trimEnd().split('\n');
    const begun = lines.findIndex((line) => line.includes('"attempt_started"'));
    writeFileSync(run.paths.eventsLog, `${lines.slice(0, begun + 1).join('\n')}\n`);
    // `state/` is never ahead of the log.
    rmSync(run.paths.runFile);
    expect(replayLog(run.paths).state.interrupts.size).toBe(0);
    expect((await theOpenOne(run)).problem).toBe('asked, but not taken in yet');
    const sent = await cli('inbox', 'reply', interrupt.interrupt_id, '--text', 'Early.');
    expect(sent.code, sent.stderr).toBe(0);
    expect((await cli('run', 'reconcile', run.id)).code).toBe(0);
    expect(run.only()).toMatchObject({ attempt: 1, error: null });
    expect((await cli('run', 'resume', run.id)).code).toBe(0);
    expect(run.only()).toMatchObject({ status: 'done', attempt: 2 });
    expect(existsSync(run.paths.attemptDir(run.only().instance_id, 3))).toBe(false);
  });
});
