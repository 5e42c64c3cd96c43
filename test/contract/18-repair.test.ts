/** Section 18 of the contract: work that is not accepted goes on in the same session, told what is wrong with it. */
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { codexOrch, writeFiles } from '../support/built-program.ts';
import { standInCodex } from '../support/stand-in-codex.ts';
import { dir, instancesOf, orch, program, show } from './shell-program.ts';

const schema = { type: 'object', required: ['score'], properties: { score: { type: 'number' } } };
const say = (json: unknown) =>
  `cat > "$CODEX_ORCH_ATTEMPT_DIR/result.json" <<'E'\n${JSON.stringify(json)}\nE`;
const attempt = 'n=$(basename "$CODEX_ORCH_ATTEMPT_DIR")';

/** A program with one task of an agent that has sessions. */
function taught(script: string, task: object, project: object = {}) {
  program(
    {
      a: {
        result_schema: 'score.json',
        compose: [{ kind: 'literal', text: 'Score it.' }],
        ...task,
      },
    },
    { default_agent: 'default', edition: 2, ...project },
  );
  writeFiles(dir, { 'score.json': schema });
  const codex = standInCodex(path.join(dir, '.codex'), { a: script });
  const cli = (...words: string[]) => codexOrch(words, { cwd: dir, env: codex.env });
  return { cli, calls: codex.calls };
}

describe('18. Repair', () => {
  it('has the same session mend what is wrong with it, and keeps that in the log', async () => {
    const { cli, calls } = taught(
      `${attempt}; if [ "$n" = 0001 ]; then ${say({ score: 'high' })}\nelse ${say({ score: 3 })}\nfi`,
      {},
    );
    const { code, stderr } = await cli('run', 'start', '--root', 'a');
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('goes on');
    const [first, second] = calls();
    expect(second?.argv).toContain('00000000-0000-4000-8000-000000000001');
    expect(first?.argv).not.toContain('00000000-0000-4000-8000-000000000001');
    expect(second?.prompt).toContain('## Not accepted yet');
    expect(second?.prompt).toContain('/score');
    expect(second?.prompt).not.toContain('Score it.');
    expect(instancesOf(await show(), 'a')).toMatchObject([{ status: 'done', attempt: 2 }]);
    const events = (await cli('run', 'events', 'latest')).stdout;
    expect(events).toContain('instance_continued');
    expect((await cli('run', 'verify', 'latest')).code).toBe(0);
  });

  it('makes 1 + N attempts at most, and fails by what is wrong', async () => {
    const { cli, calls } = taught(say([]), { repair: 1 });
    expect((await cli('run', 'start', '--root', 'a')).code).toBe(1);
    expect(calls()).toHaveLength(2);
    const [instance] = instancesOf(await show(), 'a');
    expect(instance).toMatchObject({ status: 'failed', failure_kind: 'output_schema', attempt: 2 });
  });

  it('tells an agent that is a command only where the task says so, with the whole prompt', async () => {
    const run = `${attempt}; [ "$n" = 0001 ] || cat > "$CODEX_ORCH_ATTEMPT_DIR/out.md"`;
    program(
      { a: { run, publish: ['out.md'], repair: 1 }, b: { run, publish: ['out.md'] } },
      { edition: 2 },
    );
    expect((await orch('run', 'start', '--root', 'a', '--root', 'b')).code).toBe(1);
    const shown = await show();
    expect(instancesOf(shown, 'a')).toMatchObject([{ status: 'done', attempt: 2 }]);
    expect(instancesOf(shown, 'b')).toMatchObject([{ status: 'failed', attempt: 1 }]);
  });

  it('asks again for a decision that was not asked for', async () => {
    const ask =
      'codex-orch interrupt create --blocking --audience human --kind approval --decision-kind review --question ok';
    const { cli, calls } = taught(`${attempt}; ${say({ score: 1 })}\n[ "$n" = 0001 ] || ${ask}`, {
      required_decisions: [{ decision_kind: 'review', audience: 'human', description: 'Ship?' }],
    });
    const started = await cli('run', 'start', '--root', 'a');
    expect(started.stderr).toContain('required_decisions');
    expect(calls()[1]?.prompt).toContain('## Decisions still to be asked for');
  });
});
