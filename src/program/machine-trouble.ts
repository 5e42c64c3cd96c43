/** Whether config.toml can be gone by where it says who carries attempts out. */
import type { ProjectSpec } from '../model/program.ts';
import { Refusal } from '../model/refusal.ts';
import { suggest } from '../text/suggest.ts';
import type { LoadedConfig } from './global-config.ts';

const words = ['executor', 'temporal', 'depot'] as const;

/**
 * What is wrong there is as if it were not said: attempts would stay here, or go to a server that nobody named.
 * `said`: by a program itself, which that file does not count for.
 *
 * @throws Refusal `config-invalid` where something is wrong with the rest, or with a whole file that speaks of it
 */
export function refuseMachineTrouble(
  { file, unparsed, diagnostics }: LoadedConfig,
  said: Pick<ProjectSpec, (typeof words)[number]>,
): void {
  const asked = said.executor === 'local' ? [] : words.filter((word) => said[word] === undefined);
  const broken = diagnostics.find(
    ({ severity, location }) => severity === 'error' && concerns(location, unparsed ?? '', asked),
  );
  if (broken === undefined) return;
  const place = broken.line === null ? file : `${file}:${broken.line}`;
  const at = broken.location.replace(/^config\.?/, '');
  throw new Refusal('config-invalid', `${place}: ${at === '' ? '' : `${at}: `}${broken.message}`, {
    hint: broken.hint ?? 'Correct the file; `codex-orch doctor` says when it is right.',
  });
}

/**
 * `location`: as `config.temporal.address`, or one that is mis-spelt; `config`: all of it, of which only `unparsed` is known.
 * A file that names none of it in vain has nothing to say of other machines.
 */
function concerns(location: string, unparsed: string, asked: readonly string[]): boolean {
  const [, section] = location.split('.');
  if (section !== undefined) return asked.includes(suggest(section, words) ?? '');
  const named = unparsed.split('\n').map(nameOf);
  return named.some((name) => asked.includes(suggest(name, words) ?? ''));
}

/** What a line of TOML sets, or the table that it begins: all up to where its name ends. */
function nameOf(line: string): string {
  const start = line.trimStart();
  const word = (start.startsWith('[') ? start.slice(1) : start).trimStart().replace(/^["']/, '');
  return /^\w*/.exec(word)?.[0] ?? '';
}
