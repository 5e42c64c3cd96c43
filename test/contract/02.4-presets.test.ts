/** Section 2.4 of the contract: presets by command. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { created, run } from './new-program.ts';

describe('2.4 Presets', () => {
  it('previews and applies', async () => {
    const program = await created('presets');
    mkdirSync(path.join(program, 'presets'));
    writeFileSync(
      path.join(program, 'presets', 'review.yaml'),
      'id: review\ntitle: Review\nvariables: {of: {}}\ntasks: [{id: review_$of, title: Review $of, depends_on: [{task: $of, kind: order}], agent: shell, run: make}]\n',
    );
    expect((await run(['preset', 'list', program])).stdout).toBe('review\tlocal\tReview\n');
    expect(JSON.parse((await run(['preset', 'list', program, '--json'])).stdout)).toMatchObject({
      review: { source: 'local', preset: { id: 'review', title: 'Review' } },
    });
    const preview = await run(['preset', 'preview', '--var', 'of=plan', program, 'review']);
    expect(preview.stdout).toContain('title: Review plan');
    expect(await run(['preset', 'apply', program, 'review', '--var', 'of=nothing'])).toMatchObject({
      code: 2,
    });
    expect(await run(['preset', 'apply', program, 'review', '--var', 'of=plan'])).toMatchObject({
      code: 0,
      stdout: 'review_plan\n',
    });
    expect(await run(['preset', 'apply', program, 'review', '--var', 'of=plan'])).toMatchObject({
      code: 2,
    });
  });
});
