/** Which account a Codex attempt draws on: its home, the credential there or in the environment, another provider. */
import path from 'node:path';
import { MESSAGE_LIMITS, readForeignJson } from '../../disk/foreign-json.ts';
import { realPathOf } from '../../disk/real-path.ts';
import type { AgentSpec } from '../../model/program.ts';
import type { Environment } from '../backend.ts';
import { codexHomeIn } from './binary.ts';
import { recordOf, textOf } from '../output/fields.ts';

export function codexAccount({ args }: Pick<AgentSpec, 'args'>, env: Environment): string[] {
  const home = codexHomeIn(env);
  return [
    'codex',
    realPathOf(home),
    env['CODEX_API_KEY'] ?? '',
    ...storedLogin(path.join(home, 'auth.json')),
    // A provider or a profile of the author's choice has an account of its own.
    ...args.filter((word, index) => /provider|profile|^--oss$/.test(`${args[index - 1]} ${word}`)),
  ];
}

/** What of it stays as it is while its tokens are renewed. */
function storedLogin(file: string): string[] {
  const read = readForeignJson(file, MESSAGE_LIMITS);
  if (!read.ok) return [];
  const { tokens, OPENAI_API_KEY: key } = recordOf(read.value);
  return [textOf(recordOf(tokens)['account_id']), textOf(key)];
}
