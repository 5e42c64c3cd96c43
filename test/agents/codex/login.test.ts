import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { checkCodexLogin } from '../../../src/agents/codex/doctor.ts';
import { testDirectory } from '../../support/built-program.ts';

const root = testDirectory('login');
afterAll(() => rmSync(root, { recursive: true, force: true }));

it.each([
  ['Logged in using ChatGPT', 0, 'Logged in using ChatGPT'],
  [
    'WARNING: a proxy is set\n2026-01-01 ERROR otel\nLogged in using an API key - sk-…',
    0,
    'Logged in using an API key - sk-…',
  ],
  ['WARNING: a proxy is set', 0, 'Logged in.'],
  ['WARNING: a proxy is set\nNot logged in', 1, 'Not logged in'],
  ['no such command', 2, 'no such command'],
])('%j on standard error is read for what it says of the login', async (said, code, told) => {
  const program = path.join(root, 'codex');
  writeFileSync(program, `#!/bin/sh\ncat >&2 <<'X'\n${said}\nX\nexit ${code}\n`, { mode: 0o755 });
  const finding = await checkCodexLogin(program, { PATH: process.env['PATH'] });
  expect([finding.ok, finding.message]).toEqual([code === 0, told]);
});
