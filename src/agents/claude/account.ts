/** Which account a Claude Code attempt draws on: its home, and the credential there or in the environment. */
import { homedir } from 'node:os';
import path from 'node:path';
import { MESSAGE_LIMITS, readForeignJson } from '../../disk/foreign-json.ts';
import { realPathOf } from '../../disk/real-path.ts';
import type { Environment } from '../backend.ts';
import { claudeHome } from './cli.ts';
import { recordOf, textOf } from '../output/fields.ts';

const credentials = [
  'ANTHROPIC_API_KEY',
  'ANTHROPIC_AUTH_TOKEN',
  'CLAUDE_CODE_OAUTH_TOKEN',
  'ANTHROPIC_BASE_URL',
];

export function claudeAccount(env: Environment): string[] {
  // Its own file lies in its home where that is named, and beside it where it is not.
  const file = path.join(env['CLAUDE_CONFIG_DIR'] || env['HOME'] || homedir(), '.claude.json');
  return [
    'claude',
    realPathOf(claudeHome(env)),
    ...credentials.map((name) => env[name] ?? ''),
    ...signedIn(file),
  ];
}

function signedIn(file: string): string[] {
  const read = readForeignJson(file, MESSAGE_LIMITS);
  if (!read.ok) return [];
  const { accountUuid, organizationUuid } = recordOf(recordOf(read.value)['oauthAccount']);
  return [textOf(accountUuid), textOf(organizationUuid)];
}
