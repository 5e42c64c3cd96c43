/** Section 9 of the contract: replies by command and by file, bad ones, and hand-offs. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { InterruptEntry } from '../../src/app/inbox/list.ts';
import { viewRun } from '../../src/store/directory/view.ts';
import { cli, program, start, theOpenOne } from './questions.ts';

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
