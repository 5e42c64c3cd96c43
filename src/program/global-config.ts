/** `~/.codex-orch/`: what all programs of a user share. Reading creates nothing. */
import { homedir } from 'node:os';
import path from 'node:path';
import type { AgentConfig } from '../agents/backend.ts';
import { backends } from '../agents/backends.ts';
import type { Budget } from '../model/budget.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { Json, JsonObject } from '../model/json.ts';
import type { DepotSettings, ExecutorName, TemporalSettings } from '../model/machines.ts';
import type { UsageLimitSpec } from '../model/policies.ts';
import type { NotifyRule, Prices } from '../model/program.ts';
import { suggest } from '../text/suggest.ts';
import { readText } from '../disk/read-text.ts';
import { withAbsoluteFiles, type MachineConfig } from './machine-settings.ts';
import { depotProblems, serverProblems } from './rules/machines.ts';
import { targetProblem } from './rules/notify.ts';
import { budgetShape } from './shape/budget.ts';
import { notify as notifyShape, prices as pricesShape } from './shape/forms.ts';
import {
  depot as depotField,
  executor as executorField,
  temporal as temporalField,
} from './shape/machines.ts';
import { policyFields } from './shape/policies.ts';
import { checkShape, type Shape } from './shape/shape.ts';

interface GlobalConfig extends MachineConfig {
  /** The sections of the backends: what is set of their `configKeys`. */
  sections: Record<string, Record<string, string>>;
  web: { /** null: the built-in one. */ port: number | null };
  /** null: it names none. */
  prices: Prices | null;
  /** null: it names nobody. */
  notify: NotifyRule[] | null;
  /** Of a run; null: it names none. */
  budget: Budget | null;
  /** null: it says nothing of usage limits. */
  usageLimit: UsageLimitSpec | null;
  trees: { /** Absolute. */ dir: string };
}

export interface LoadedConfig {
  config: GlobalConfig;
  /** Absolute; it need not exist. */
  file: string;
  /** What the file says where that could not be parsed, and nothing of it is in `config`; null otherwise. */
  unparsed: string | null;
  diagnostics: Diagnostic[];
}

/** `CODEX_ORCH_GLOBAL_ROOT` (relative: to `cwd`), or else `~/.codex-orch`. Absolute. */
export function globalRootFrom(env: NodeJS.ProcessEnv, cwd: string): string {
  const moved = env['CODEX_ORCH_GLOBAL_ROOT'];
  if (moved !== undefined && moved !== '') return path.resolve(cwd, moved);
  return path.join(env['HOME'] || homedir(), '.codex-orch');
}

const known: Record<string, readonly string[]> = {
  ...Object.fromEntries(
    backends
      .filter(({ configKeys }) => configKeys.length > 0)
      .map(({ name, configKeys }) => [name, configKeys]),
  ),
  web: ['port'],
  trees: ['dir'],
};

/** What is checked as in project.yaml. */
const ownForms = [
  'prices',
  'notify',
  'budget',
  'usage_limit',
  'executor',
  'temporal',
  'depot',
] as const;

/** config.toml of `globalRoot`. What is wrong with it is reported, and otherwise as if it were not there. */
export async function loadGlobalConfig(globalRoot: string): Promise<LoadedConfig> {
  const file = path.join(globalRoot, 'config.toml');
  const loaded: LoadedConfig = {
    config: {
      sections: {},
      web: { port: null },
      prices: null,
      notify: null,
      budget: null,
      usageLimit: null,
      trees: { dir: path.join(globalRoot, 'trees') },
      executor: null,
      temporal: null,
      depot: null,
    },
    file,
    unparsed: null,
    diagnostics: [],
  };
  const add = (
    severity: Diagnostic['severity'],
    code: string,
    message: string,
    location = 'config',
    place: { line: number; column: number } | null = null,
    hint: string | null = null,
  ): number =>
    loaded.diagnostics.push({
      severity,
      code: `config.${code}`,
      message,
      location,
      reference_url: null,
      file,
      line: place?.line ?? null,
      column: place?.column ?? null,
      hint,
    });
  /** As for a program's files: what is one of ours mis-spelt blocks, what means nothing of ours does not. */
  const unknown = (word: string, words: readonly string[], before = ''): void => {
    if (word.startsWith('x-')) return;
    const near =
      suggest(word, words) ?? (/^(bin|binary|command|executable)$/.test(word) ? 'path' : '');
    const name = `${before}${word}`;
    if (words.includes(near)) {
      const message = `"${name}" is unknown; the nearest that is known is "${before}${near}"`;
      const hint = `Did you mean "${before}${near}"?`;
      add('error', 'unknown_key', message, `config.${name}`, null, hint);
    } else add('warning', 'unknown_key', `"${name}" is unknown and ignored`, `config.${name}`);
  };
  const read = readText(file);
  if (!read.ok) {
    if (read.problem.code !== 'missing')
      add('error', read.problem.code, `${file} ${read.problem.message}`);
    return loaded;
  }
  const { parse, TomlError } = await import('smol-toml');
  let content: Record<string, unknown>;
  try {
    content = parse(read.text);
  } catch (error) {
    const place = error instanceof TomlError ? { line: error.line, column: error.column } : null;
    const reason = (error as Error).message.split('\n')[0]?.replace(/^Invalid TOML document: /, '');
    add('error', 'syntax', `${file} is not valid TOML: ${reason}`, 'config', place);
    loaded.unparsed = read.text;
    return loaded;
  }
  const {
    prices,
    notify,
    budget,
    usage_limit: usageLimit,
    executor,
    temporal,
    depot,
    ...sections
  } = content;
  const wrong = (message: string, at: string): void =>
    void add('error', 'wrong_type', message, `config.${at}`);
  loaded.config.prices = shaped<Prices>('prices', pricesShape, prices, wrong);
  loaded.config.budget = shaped<Budget>('budget', budgetShape, budget, wrong);
  loaded.config.usageLimit = shaped<UsageLimitSpec>(
    'usage_limit',
    policyFields.usage_limit.shape,
    usageLimit,
    wrong,
  );
  loaded.config.notify = shaped<NotifyRule[]>('notify', notifyShape, notify, wrong);
  for (const [index, { to }] of (loaded.config.notify ?? []).entries()) {
    const problem = targetProblem(to);
    if (problem !== null) wrong(problem, `notify.${index}.to`);
  }
  const { config } = loaded;
  config.executor = shaped<ExecutorName>('executor', executorField.shape, executor, wrong);
  const server = shaped<TemporalSettings>('temporal', temporalField.shape, temporal, wrong);
  config.temporal = server === null ? null : withAbsoluteFiles(server, globalRoot);
  config.depot = shaped<DepotSettings>('depot', depotField.shape, depot, wrong);
  for (const { path: at, message, hint } of [
    ...(server === null ? [] : serverProblems(server)),
    ...(config.depot === null ? [] : depotProblems(config.depot, server?.insecure ?? false)),
  ]) {
    wrong(`${message}. ${hint}`, at.join('.'));
  }
  for (const [section, value] of Object.entries(sections)) {
    const keys = Object.hasOwn(known, section) ? known[section] : undefined;
    if (!keys) {
      unknown(section, [...Object.keys(known), ...ownForms]);
      continue;
    }
    if (typeof value !== 'object' || value === null) {
      add('error', 'wrong_type', `"${section}" must be a table`, `config.${section}`);
      continue;
    }
    for (const key of Object.keys(value)) {
      if (keys.includes(key)) continue;
      unknown(key, keys, `${section}.`);
    }
  }
  for (const { name, configKeys } of backends) {
    for (const key of configKeys) {
      const value = valueAt(content, name, key);
      if (typeof value === 'string' && value !== '') {
        (loaded.config.sections[name] ??= {})[key] = value;
      } else if (value !== undefined) {
        const place = `${name}.${key}`;
        add('error', 'wrong_type', `"${place}" must be a path in quotes`, `config.${place}`);
      }
    }
  }
  const trees = valueAt(content, 'trees', 'dir');
  if (typeof trees === 'string' && trees !== '') {
    loaded.config.trees.dir = path.resolve(globalRoot, trees.replace(/^~(?=\/|$)/, homedir()));
  } else if (trees !== undefined) {
    add('error', 'wrong_type', '"trees.dir" must be a path in quotes', 'config.trees.dir');
  }
  const port = valueAt(content, 'web', 'port');
  if (typeof port === 'number' && Number.isInteger(port) && port >= 0 && port <= 65535) {
    loaded.config.web.port = port;
  } else if (port !== undefined) {
    add('error', 'wrong_type', '"web.port" must be a number from 0 to 65535', 'config.web.port');
  }
  return loaded;
}

/** What config.toml of `globalRoot` says to backends. */
export async function loadAgentConfig(globalRoot: string): Promise<AgentConfig> {
  return agentConfigOf(await loadGlobalConfig(globalRoot));
}

export function agentConfigOf({ config, file, diagnostics }: LoadedConfig): AgentConfig {
  const broken = diagnostics.find(({ severity }) => severity === 'error');
  const { sections } = config;
  if (!broken) return { sections, problem: null };
  const place = broken.line === null ? file : `${file}:${broken.line}`;
  return { sections, problem: `${place}: ${broken.message}` };
}

/** As in project.yaml; null where it is left out, or something is wrong with it. */
function shaped<T>(
  name: string,
  shape: Shape,
  value: unknown,
  report: (message: string, at: string) => void,
): T | null {
  if (value === undefined) return null;
  let isWhole = true;
  const file: Shape = { type: 'object', fields: { [name]: { shape, description: '' } } };
  const checked = checkShape(file, { [name]: value as Json }, ({ severity, message, path: at }) => {
    isWhole &&= severity !== 'error';
    report(message, at.join('.'));
  });
  return isWhole ? ((checked as JsonObject)[name] as unknown as T) : null;
}

function valueAt(content: Record<string, unknown>, section: string, key: string): unknown {
  const table = Object.hasOwn(content, section) ? content[section] : undefined;
  if (typeof table !== 'object' || table === null || !Object.hasOwn(table, key)) return undefined;
  return (table as Record<string, unknown>)[key];
}
