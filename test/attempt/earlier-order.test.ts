/** A try that version 1.0 wrote down, with `agent` and `codexPath` instead of `settings`, is still an order. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { backendOf } from '../../src/agents/backends.ts';
import { asOrder } from '../../src/attempt/order.ts';
import { nothingLocated } from '../../src/agents/located.ts';
import type { JsonObject } from '../../src/model/json.ts';

const fixtures = path.resolve(import.meta.dirname, '..', 'fixtures', 'format-1');
const tries = {
  assistant: '20261126013148-926cf1fd/assistants/int-772b334988e5/0001',
  handoff: '20261126013152-ad987a62/assistants/int-16f19e914bb9/0001',
};

describe.each(Object.entries(tries))('%s', (program, directory) => {
  const read = (name: string): JsonObject => {
    const file = path.join(fixtures, program, '.runs', directory, name);
    return JSON.parse(readFileSync(file, 'utf8')) as JsonObject;
  };

  it('makes the command line that it was started with', () => {
    const launch = read('launch.json');
    const command = read('runtime.json')['command'] as string[];
    const attemptDir = String(launch['attemptDir']);
    const order = asOrder(launch, { attemptDir, controlDir: '/control' });
    if (order === null) throw new Error('it is not taken for an order');
    const found = { ...nothingLocated, program: command[0] ?? '' };
    expect(backendOf(order.backend).commandLine(order, found).argv).toEqual(
      // Its scratch, which lies in its directory, was opened for itself then.
      command.map((word) =>
        word.replace(`,${JSON.stringify(`${attemptDir}/scratch`)}="write"`, ''),
      ),
    );
  });

  it('keeps the program that the configuration named', () => {
    const launch = { ...read('launch.json'), codexPath: '/opt/codex' };
    const attemptDir = String(read('launch.json')['attemptDir']);
    const order = asOrder(launch, { attemptDir, controlDir: '/control' });
    expect(order?.settings).toEqual({ program: '/opt/codex', args: [] });
  });

  it('is none where it belongs to another place', () => {
    expect(
      asOrder(read('launch.json'), { attemptDir: '/elsewhere', controlDir: '/control' }),
    ).toBeNull();
  });
});
