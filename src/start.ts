/**
 * What Node runs first: it loads the program, which is one file, read whole, so that a process needs nothing more of it
 * later, also when an upgrade replaces it meanwhile. `--version` loads none of it.
 *
 * Compiling takes longer than most commands do. Beside the program lies what V8 made of it when it was built; V8
 * refuses that of another version of itself, but neither what is damaged nor what was made of another text of the
 * same length, so both are checked here. Without it everything takes longer, and nothing else.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

declare const CODEX_ORCH_VERSION: string;

type ModuleFunction = (...given: unknown[]) => void;

if (process.argv[2] === '--version' || process.argv[2] === '-V') {
  process.stdout.write(`${CODEX_ORCH_VERSION}\n`);
} else {
  load(path.join(__dirname, 'lib', 'program.js'));
}

function load(file: string): void {
  const source = readFileSync(file, 'latin1');
  const cachedData = readCompiled(file, source);
  const script = new Script(Module.wrap(source), {
    filename: file,
    ...(cachedData && { cachedData }),
  });
  // Young objects are few: one thread collects them in half a millisecond. With its helpers V8 is not done before each of
  // them has had its turn on a processor: several times as long, and 25 ms where the machine is busy. Not before the
  // script is made, for V8 refuses what was made under other flags.
  setFlagsFromString('--no-parallel-scavenge');
  const run = script.runInThisContext() as ModuleFunction;
  const module = { exports: {} };
  run(module.exports, createRequire(file), module, file, path.dirname(file));
}

/** `<sha256 of the source's first line and the rest, 32 bytes><rest>`; null where there is none that can be used. */
function readCompiled(file: string, source: string): Buffer | null {
  let bytes: Buffer;
  try {
    bytes = readFileSync(`${file}.compiled`);
  } catch {
    return null;
  }
  const rest = bytes.subarray(32);
  // The first line of the program is a hash of the others.
  const name = source.slice(0, source.indexOf('\n'));
  const sum = createHash('sha256').update(name).update(rest).digest();
  return sum.equals(bytes.subarray(0, 32)) ? rest : null;
}
