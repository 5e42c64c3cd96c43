/** Presets: tasks with variables in their strings. Section 2.4 of the contract. Pure. */
import type { Json, JsonObject } from '../../model/json.ts';
import type { PresetSpec } from '../../model/program.ts';
import { suggest } from '../../text/suggest.ts';

// `$$`, `$name`, `${name}`. Any other dollar sign stands for itself, as in `${inputs.repo}` or `$1`.
const placeholder = /\$(?:(\$)|([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})/g;

/** Puts values into every string of a JSON value. Unknown names are left, and handed to `unknown`. */
export function substitute(
  value: Json,
  values: ReadonlyMap<string, string>,
  unknown: (name: string) => void = () => undefined,
): Json {
  if (typeof value === 'string') {
    return value.replace(placeholder, (text, dollar?: string, bare?: string, braced?: string) => {
      if (dollar !== undefined) return '$';
      const name = bare ?? braced ?? '';
      const replacement = values.get(name);
      if (replacement === undefined) unknown(name);
      return replacement ?? text;
    });
  }
  if (Array.isArray(value)) return value.map((item) => substitute(item, values, unknown));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, substitute(item, values, unknown)]),
  );
}

export type RenderedPreset =
  { ok: true; tasks: JsonObject[] } | { ok: false; message: string; hint: string | null };

/** The preset's tasks with its variables replaced, as they would be written. */
export function renderPreset(
  preset: PresetSpec,
  given: ReadonlyMap<string, string>,
): RenderedPreset {
  const names = Object.keys(preset.variables);
  for (const name of given.keys()) {
    if (names.includes(name)) continue;
    const near = suggest(name, names);
    const known =
      names.length > 0 ? `its variables are ${names.join(', ')}` : 'it has no variables';
    return {
      ok: false,
      message: `the preset "${preset.id}" has no variable "${name}"`,
      hint: near === null ? known : `did you mean "${near}"?`,
    };
  }
  const values = new Map<string, string>();
  const missing: string[] = [];
  for (const [name, variable] of Object.entries(preset.variables)) {
    const value = given.get(name) ?? variable.default;
    if (value !== null && value !== undefined) values.set(name, value);
    else if (variable.required) missing.push(name);
    else values.set(name, '');
  }
  if (missing.length > 0) {
    return {
      ok: false,
      message: `the preset "${preset.id}" needs ${missing.map((name) => `"${name}"`).join(', ')}`,
      hint: `give ${missing.map((name) => `--var ${name}=…`).join(' ')}`,
    };
  }
  const unknown = new Set<string>();
  const tasks = preset.tasks.map(
    (task) => substitute(task, values, (name) => unknown.add(name)) as JsonObject,
  );
  const [first] = unknown;
  if (first !== undefined) {
    return {
      ok: false,
      message: `the preset "${preset.id}" uses the variable "${first}", which it does not declare`,
      hint: `declare it under "variables", or write "$$${first}" for a dollar sign`,
    };
  }
  return { ok: true, tasks };
}
