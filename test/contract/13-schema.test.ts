/** Section 13 of the contract: `schema` prints JSON Schema. */
import { describe, expect, it } from 'vitest';
import { run } from './new-program.ts';

describe('13. schema', () => {
  it('prints JSON Schema', async () => {
    const printed = await run(['schema', 'task']);
    expect(JSON.parse(printed.stdout)).toMatchObject({ type: 'object', required: ['id', 'title'] });
    expect(await run(['schema', 'tasks'])).toMatchObject({ code: 2 });
  });
});
