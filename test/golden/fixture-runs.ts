/** Copies of the runs in test/fixtures, to be read and driven on by the built program. */
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { codexOrch, type Ended } from '../support/built-program.ts';

const fixtures = path.resolve(import.meta.dirname, '..', 'fixtures', 'format-1');

export const fixtureNames: readonly string[] = readdirSync(fixtures).sort();

export interface FixtureRun {
  directory: string;
  runId: string;
  /** The run's directory. */
  root: string;
  cli(...words: string[]): Promise<Ended>;
  json<T>(...words: string[]): Promise<T>;
  log(): Buffer;
  rewriteLog(text: string): void;
  /** In the order of their names. */
  instanceIds(): string[];
  interruptIds(): string[];
}

/** Copies a fixture to `directory`. `env`: for its command lines. */
export function copyFixture(
  name: string,
  directory: string,
  env: NodeJS.ProcessEnv = {},
): FixtureRun {
  cpSync(path.join(fixtures, name), directory, { recursive: true });
  const [runId = ''] = readdirSync(path.join(directory, '.runs'));
  const root = path.join(directory, '.runs', runId);
  // A run has these from its beginning; git keeps no empty directory.
  for (const name of ['inbox/interrupts', 'inbox/replies', 'inbox/commands', 'proposals']) {
    mkdirSync(path.join(root, name), { recursive: true });
  }
  comeHome(root);
  const cli = (...words: string[]) => codexOrch(words, { cwd: directory, env });
  return {
    directory,
    runId,
    root,
    cli,
    async json<T>(...words: string[]) {
      return JSON.parse((await cli(...words, '--json')).stdout) as T;
    },
    log: () => readFileSync(path.join(root, 'events.jsonl')),
    rewriteLog: (text) => writeFileSync(path.join(root, 'events.jsonl'), text),
    instanceIds: () => readdirSync(path.join(root, 'instances')).sort(),
    interruptIds: () =>
      readdirSync(path.join(root, 'inbox/interrupts'))
        .map((name) => path.basename(name, '.json'))
        .sort(),
  };
}

/**
 * Of a process on another host nobody can say that it is gone. This machine takes the place of the one
 * that made the run, as after a reboot: the host's name is changed where processes are identified.
 */
function comeHome(root: string): void {
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    if (!/(^|\/)(lock|claim)\/\d+\.json$|\/\.process\/agent-\d+$/.test(name)) continue;
    const file = path.join(root, name);
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace(/^fixture$|(?<="host": ")fixture(?=")/m, hostname()));
  }
}

/** Everything that the fixtures hold, as one text. */
export function allFixtureText(): string {
  return readdirSync(fixtures, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');
}
