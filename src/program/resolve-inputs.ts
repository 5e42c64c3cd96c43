/** Input values of a run: the defaults from `user_inputs`, and what the command line adds (section 4). */
import path from 'node:path';
import { resolveInside } from '../disk/inside.ts';
import { parseJson, type Json, type JsonObject } from '../model/json.ts';
import type { ProjectSpec } from '../model/program.ts';
import { Refusal } from '../model/refusal.ts';
import { inputKey } from './shape/forms.ts';
import { readText, type ReadText } from '../disk/read-text.ts';
import type { ProgramSource } from './source/source.ts';
import { parseYaml, type Position, type YamlProblem } from './source/yaml-source.ts';

/** One `--input…` option. Of those for one key the last wins. */
export type InputOption =
  /** `--input key=text` */
  | { kind: 'text'; key: string; value: string }
  /** `--input-json key=JSON` */
  | { kind: 'json'; key: string; value: string }
  /** `--input-json-file key=FILE`; absolute, or relative to the working directory given. */
  | { kind: 'json_file'; key: string; value: string };

export type LoadedInput =
  | {
      ok: true;
      value: Json;
      /** Notes and warnings about its text. */
      remarks: YamlProblem[];
    }
  | {
      ok: false;
      code: 'outside' | 'missing_file' | 'invalid';
      message: string;
      line: number | null;
      column: number | null;
    };

/** Text inputs may be larger than program files: whole logs are handed to agents. */
const MAX_TEXT_BYTES = 64 * 1024 * 1024;

/**
 * The default of one input: `.json`, `.yaml` and `.yml` are parsed, any other file is one string, as it
 * stands. `file` is relative to the program.
 */
export function loadInputFile(program: ProgramSource, file: string): LoadedInput {
  const inside = resolveInside(program.programDir, file);
  if (!inside.ok) return failed('outside', `${file}: ${inside.reason}`);
  const format = formatOf(inside.path);
  return parseInput(program.read(file, maxBytesOf(format)), format, file);
}

/**
 * Values of all inputs that the run starts with. Throws a Refusal `input-…` that names the option or
 * the file. `cwd` is where FILE of `--input-json-file` is looked up.
 */
export function resolveInputs(
  program: ProgramSource,
  project: Pick<ProjectSpec, 'user_inputs'>,
  options: readonly InputOption[],
  cwd: string,
): JsonObject {
  const given = new Map<string, Json>();
  for (const option of options) given.set(option.key, optionValue(option, cwd));
  const values: [string, Json][] = [];
  for (const [key, file] of Object.entries(project.user_inputs)) {
    // A default that is overridden need not load.
    if (given.has(key)) continue;
    const loaded = loadInputFile(program, file);
    if (!loaded.ok) {
      throw new Refusal(
        'input-default',
        `the default of input "${key}" does not load: ${loaded.message}`,
        {
          hint: `mend the file, or give --input ${key}=…`,
        },
      );
    }
    values.push([key, loaded.value]);
  }
  return Object.fromEntries([...values, ...given]);
}

function optionValue(option: InputOption, cwd: string): Json {
  const problem = inputKey.problem(option.key);
  if (problem !== null) {
    throw new Refusal('input-key', `the input key "${option.key}" ${problem}`);
  }
  switch (option.kind) {
    case 'text':
      return option.value;
    case 'json':
      return jsonOrText(option.key, option.value);
    case 'json_file': {
      const format = formatOf(option.value) === 'yaml' ? 'yaml' : 'json';
      const read = readText(path.resolve(cwd, option.value), maxBytesOf(format));
      const loaded = parseInput(read, format, option.value);
      if (loaded.ok) return loaded.value;
      throw new Refusal('input-file', `--input-json-file ${option.key}: ${loaded.message}`);
    }
  }
}

/** What does not begin like JSON is taken as a string; what does must be JSON. */
export function jsonOrText(key: string, text: string): Json {
  const trimmed = text.trim();
  try {
    return parseJson(trimmed);
  } catch (error) {
    if (!startsLikeJson(trimmed)) return text;
    throw new Refusal(
      'input-json',
      `--input-json ${key}: the value starts like JSON, but is not: ${(error as Error).message}`,
      { hint: `for plain text use --input ${key}=…` },
    );
  }
}

/** An object, a list or a quoted string. Other words are text, such as a path that begins with a digit. */
function startsLikeJson(text: string): boolean {
  return /^["[{]/.test(text);
}

type Format = 'json' | 'yaml' | 'text';

function formatOf(file: string): Format {
  const extension = path.extname(file).toLowerCase();
  if (extension === '.yaml' || extension === '.yml') return 'yaml';
  return extension === '.json' ? 'json' : 'text';
}

function maxBytesOf(format: Format): number | undefined {
  return format === 'yaml' ? undefined : MAX_TEXT_BYTES;
}

function parseInput(read: ReadText, format: Format, shown: string): LoadedInput {
  if (!read.ok) {
    const code = read.problem.code === 'missing' ? 'missing_file' : 'invalid';
    return failed(code, `${shown} ${read.problem.message}`);
  }
  if (format === 'json') return parseJsonFile(read.text, shown);
  if (format === 'text') return { ok: true, value: read.text, remarks: [] };
  const { source, problems } = parseYaml(read.text);
  const problem = problems.find((one) => one.severity === 'error');
  if (source !== null && !problem) return { ok: true, value: source.value, remarks: problems };
  return failed('invalid', `${shown}: ${problem?.message ?? 'is not YAML'}`, problem);
}

function parseJsonFile(text: string, shown: string): LoadedInput {
  try {
    return { ok: true, value: parseJson(text), remarks: [] };
  } catch (error) {
    const { message } = error as Error;
    return failed('invalid', `${shown} is not JSON: ${message}`, placeInJson(text, message));
  }
}

/** The place that the parser's message names; null where it names none. */
export function placeInJson(text: string, message: string): Position | null {
  const offset = /position (\d+)/.exec(message)?.[1];
  if (offset === undefined) return null;
  const before = text.slice(0, Number(offset)).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

function failed(
  code: 'outside' | 'missing_file' | 'invalid',
  message: string,
  place: { line: number; column: number } | null = null,
): LoadedInput {
  return { ok: false, code, message, line: place?.line ?? null, column: place?.column ?? null };
}
