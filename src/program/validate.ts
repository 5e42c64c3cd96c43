/**
 * Every problem of a program at once: what its files say by themselves, the rules between them
 * (src/program/rules/program-rules.ts), and what only the disk can tell. Section 3 of the contract. Reads only.
 */
import path from 'node:path';
import { backendOf } from '../agents/backends.ts';
import { resolveAgent } from '../agents/resolve-agent.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { isJsonObject, type Json, type JsonObject } from '../model/json.ts';
import { cleanString, inputsOf } from '../text/path-template.ts';
import {
  conditionsOf,
  testsOf,
  type Condition,
  type ProjectSpec,
  type RoleSpec,
  type TaskSpec,
} from '../model/program.ts';
import { regionsOf, type Regions } from '../model/regions.ts';
import { checkProgramRules } from './rules/program-rules.ts';
import { OPERATING_MODEL_FILE, placesOfRoleFile, roleFolder } from '../model/program-files.ts';
import { Refusal } from '../model/refusal.ts';
import { suggest } from '../text/suggest.ts';
import { inputAt, valueAt } from '../text/value-at.ts';
import { resolveInside } from '../disk/inside.ts';
import { toDiagnostic, type AuthoredFile, type FileFinding } from './source/authored-file.ts';
import { placeOfFault } from './schema-place.ts';
import { slipFindings } from './schema-slips.ts';
import { checkPresets } from './presets/check-presets.ts';
import type { SchemaFault } from '../schema/schema-faults.ts';
import type { LoadedProgram } from './load-program.ts';
import { promptProblem } from './rules/agents.ts';
import { pathTemplatesOf } from './rules/paths.ts';
import { checkBoundNames } from './rules/bound-names.ts';
import { defaultListProblems } from './rules/items.ts';
import { checkOutputSchema } from './rules/output-schema.ts';
import { loadInputFile } from './resolve-inputs.ts';
import { bundledSchemas, pathFindings, type SchemaOf } from './result-paths.ts';
import { parseYaml, type Path } from './source/yaml-source.ts';

/** All diagnostics, by file and place. `notes`: whether to look for what is right, and could be better. */
export async function validateProgram(
  program: LoadedProgram,
  { notes = true } = {},
): Promise<Diagnostic[]> {
  const checker = new Validation(program, notes);
  checker.rules();
  checker.inputs();
  for (const task of program.tasks) await checker.task(task);
  await checker.slips();
  checker.roles();
  const found = [...program.diagnostics, ...checker.diagnostics, ...checkPresets(program)];
  return distinct(found).sort(byPlace);
}

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

class Validation {
  readonly diagnostics: Diagnostic[] = [];
  private readonly program: LoadedProgram;
  private readonly notes: boolean;
  /** Locations of fields that hold something harmless instead of what the author wrote. */
  private readonly mistaken: string[];
  private readonly defaults: JsonObject = {};
  private readonly schemas = new Map<string, Diagnostic[]>();
  /** Those of which no output schema is made, by file: the task that names it first. */
  private readonly plainSchemas = new Map<string, string>();
  private readonly byId: ReadonlyMap<string, TaskSpec>;
  private readonly regions: Regions;
  private readonly schemaOf: SchemaOf;

  constructor(program: LoadedProgram, notes: boolean) {
    this.program = program;
    this.notes = notes;
    this.byId = new Map(program.tasks.map((task) => [task.id, task]));
    this.regions = regionsOf(program.tasks);
    this.schemaOf = bundledSchemas(program.programDir, program.source);
    this.mistaken = [
      ...program.diagnostics
        .filter((diagnostic) => diagnostic.severity === 'error')
        .map((diagnostic) => diagnostic.location),
      ...[...program.files.values()].flatMap(({ meant }) => meant),
    ];
  }

  rules(): void {
    const { project, tasks, roles, unreadable } = this.program;
    const findings = checkProgramRules({
      project,
      tasks,
      roles,
      isProjectUnreadable: unreadable.project,
      unreadableTasks: unreadable.tasks,
      unreadableRoles: unreadable.roles,
    });
    for (const { subject, ...finding } of findings) {
      // To find its place, the file is parsed once more.
      if (this.notes || finding.severity !== 'note') this.add(subject, finding);
    }
  }

  inputs(): void {
    for (const [key, file] of Object.entries(this.program.project.user_inputs)) {
      if (file === '') continue;
      const loaded = loadInputFile(this.program.source, file);
      if (loaded.ok) {
        this.defaults[key] = loaded.value;
        for (const { severity, code, message, hint, line, column } of loaded.remarks) {
          const remark = {
            severity,
            code: `yaml.${code}`,
            path: ['user_inputs', key],
            message,
            hint,
          };
          const added = this.add('project', remark);
          if (added) Object.assign(added, { file, line, column });
        }
        continue;
      }
      const added = this.add('project', {
        severity: 'error',
        code: `input.${loaded.code}`,
        path: ['user_inputs', key],
        message: `the default of input "${key}" does not load: ${loaded.message}`,
        hint: loaded.code === 'missing_file' ? this.nearFile(file) : null,
      });
      if (loaded.line !== null && added) {
        // Broken content: the place to mend is in that file.
        Object.assign(added, { file, line: loaded.line, column: loaded.column });
      }
    }
    this.bindings('project', this.program.project);
  }

  async task(task: TaskSpec): Promise<void> {
    const subject = `tasks.${task.id}`;
    const texts = new Map<string, string>();
    for (const [index, part] of task.compose.entries()) {
      if (part.kind !== 'file') continue;
      const text = this.text(subject, ['compose', index, 'path'], part.path);
      if (text !== null) texts.set(part.path, text);
    }
    const { project, unreadable } = this.program;
    const problem = promptProblem(task, project, texts);
    if (problem !== null && !unreadable.project) this.add(subject, problem);
    this.bindings(subject, task);
    if (task.result_schema !== null) await this.resultSchema(task, task.result_schema);
    for (const finding of await pathFindings(task, this.byId, this.schemaOf)) {
      this.add(subject, finding);
    }
    this.items(task);
    for (const { path: at, condition } of conditionsOf(task)) {
      await this.condition(subject, at, condition);
    }
  }

  /** Lists and agents, as far as literal lists and the defaults of inputs tell them. */
  private items(task: TaskSpec): void {
    const { regions, byId, defaults } = this;
    const { project, unreadable } = this.program;
    for (const finding of defaultListProblems(task, project, defaults)) {
      this.add(`tasks.${task.id}`, finding);
    }
    if (unreadable.project) return;
    checkBoundNames(task, project, { regions, byId, defaults }, (subject) => (...found) => {
      const [severity, code, path, message, hint = null] = found;
      this.add(subject, { severity, code, path, message, hint });
    });
  }

  /** The schemas of its tests. */
  private async condition(subject: string, at: Path, condition: Condition): Promise<void> {
    const list = Array.isArray(condition) ? [] : 'any' in condition ? ['any'] : null;
    const { compileInPlace } = await import('../schema/fits.ts');
    for (const [index, { matches }] of testsOf(condition).entries()) {
      const compiled = await compileInPlace(matches);
      const place = [...at, ...(list === null ? [] : [...list, index]), 'matches'];
      if (compiled.ok) {
        for (const slip of slipFindings('condition', matches, place)) this.add(subject, slip);
        continue;
      }
      this.add(subject, {
        severity: 'error',
        code: 'condition.invalid_schema',
        path: place,
        message: `the condition cannot be judged: ${compiled.why}`,
        hint: 'Write, for example, matches: {const: ok} or matches: {enum: [ok, minor]}',
        reference_url: 'https://json-schema.org/draft/2020-12/schema',
      });
    }
  }

  roles(): void {
    const { roles, source } = this.program;
    for (const role of roles) {
      this.roleFile(role, ['instructions'], role.instructions);
      for (const [index, asset] of role.managed_assets.entries()) {
        this.roleFile(role, ['managed_assets', index], asset);
      }
    }
    if (roles.length === 0 || source.kindOf(OPERATING_MODEL_FILE) === 'file') return;
    this.diagnostics.push({
      severity: 'warning',
      code: 'role.missing_operating_model',
      message: `${OPERATING_MODEL_FILE} does not exist; assistants do not run without it`,
      location: 'roles',
      reference_url: null,
      file: OPERATING_MODEL_FILE,
      line: null,
      column: null,
      hint: 'Run: codex-orch assistant-doc install',
    });
  }

  /** Returns what was added; null where the place is known to be wrong already. */
  private add(subject: string, finding: FileFinding): Diagnostic | null {
    const origin = this.program.files.get(subject);
    if (!origin) return null;
    const diagnostic = toDiagnostic(origin, finding);
    // What was replaced by something harmless is not judged a second time.
    const { location } = diagnostic;
    const judged = this.mistaken.some(
      (other) => within(location, other) || within(other, location),
    );
    if (judged) return null;
    this.diagnostics.push(diagnostic);
    return diagnostic;
  }

  /** A text file of the program that must be there and be readable; null where it is not. */
  private text(subject: string, at: Path, file: string): string | null {
    if (file === '') return null;
    const inside = resolveInside(this.program.programDir, file);
    if (!inside.ok) {
      const message = `"${file}" cannot be used: ${inside.reason}`;
      this.add(subject, { severity: 'error', code: 'file.outside', path: at, message });
      return null;
    }
    const read = this.program.source.read(file);
    if (read.ok) return read.text;
    this.add(subject, {
      severity: 'error',
      code: `file.${read.problem.code}`,
      path: at,
      message: `the file "${file}" ${read.problem.message}`,
      hint: read.problem.code === 'missing' ? this.nearFile(file) : null,
    });
    return null;
  }

  private roleFile(role: RoleSpec, at: Path, file: string): void {
    if (file === '') return;
    const { source } = this.program;
    const subject = `roles.${role.id}`;
    const places = placesOfRoleFile(role.id, file);
    for (const place of places) {
      const inside = resolveInside(source.programDir, place);
      if (!inside.ok) {
        const message = `"${file}" cannot be used: ${inside.reason}`;
        this.add(subject, { severity: 'error', code: 'role.file_outside', path: at, message });
        return;
      }
      if (source.kindOf(place) === 'file') return;
    }
    this.add(subject, {
      severity: 'error',
      code: 'role.missing_file',
      path: at,
      message: `the file "${file}" exists neither in ${roleFolder(role.id)} nor in the program`,
      hint: this.nearFile(places[0]),
    });
  }

  /** Defaults of inputs that cannot be part of the paths that name them. */
  private bindings(subject: string, owner: ProjectSpec | TaskSpec): void {
    for (const { path: at, template } of pathTemplatesOf(owner)) {
      for (const name of inputsOf(template)) {
        const named = inputAt(name, (one) => Object.hasOwn(this.defaults, one));
        if (named === null) continue;
        const { key, path } = named;
        const value = valueAt(this.defaults[key] ?? null, path);
        // A start may give another value, which has what this one lacks.
        if (!value.ok) continue;
        const clean = cleanString(value.value);
        if (clean.ok) continue;
        const file = this.program.project.user_inputs[key] ?? '';
        this.add(subject, {
          severity: 'error',
          code: codeOfUnclean(value.value),
          path: at,
          message: `the input "${name}" cannot be part of a path: its default (${file}) ${clean.reason}`,
        });
      }
    }
  }

  private async resultSchema(task: TaskSpec, file: string): Promise<void> {
    if (file === '') return;
    const subject = `tasks.${task.id}`;
    const { loadSchema } = await import('../schema/json-schema.ts');
    try {
      await loadSchema(this.program.programDir, file, this.program.source);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { faultsOf } = await import('../schema/schema-faults.ts');
      const faults = faultsOf(error);
      this.schemaFaults(subject, faults);
      if (faults.length === 0) this.schemaRefusal(subject, file, error);
      return;
    }
    // Some get no output schema: the engine alone checks their result.
    const agent = resolveAgent(this.program.project, task.agent);
    if (backendOf(agent.backend).can.outputSchema)
      await this.schemaFiles(subject, file, checkOutputSchema);
    else if (!this.plainSchemas.has(file)) this.plainSchemas.set(file, subject);
  }

  /** In schemas that the engine alone checks results against; of output schemas all that is amiss has been told. */
  async slips(): Promise<void> {
    for (const [file, subject] of this.plainSchemas) {
      const schema = await this.schemaOf(file);
      if (schema === null || slipFindings('result_schema', schema).length === 0) continue;
      await this.schemaFiles(subject, file, (one) => slipFindings('result_schema', one));
    }
  }

  /** A schema that cannot be used as it is: told where the task names it. */
  private schemaRefusal(subject: string, file: string, refusal: Refusal): void {
    const code = refusal.code.replace(/^schema-/, '').replaceAll('-', '_');
    this.add(subject, {
      severity: 'error',
      code: `result_schema.${code}`,
      path: ['result_schema'],
      message: refusal.message,
      hint: code === 'missing' ? this.nearFile(file) : (refusal.hint ?? null),
      reference_url: code === 'missing' ? null : DIALECT,
    });
  }

  /** Each is told in the schema's file, and once, however many tasks use it. */
  private schemaFaults(subject: string, faults: readonly SchemaFault[]): void {
    for (const fault of faults) {
      const { file, path: at, message } = fault;
      const key = JSON.stringify([file, at]);
      if (this.schemas.has(key)) continue;
      const read = this.program.source.read(file);
      const place = read.ok ? placeOfFault(read.text, fault) : null;
      const target = { file, subject: `${subject}.result_schema`, source: null };
      const diagnostic: Diagnostic = {
        ...toDiagnostic(target, {
          severity: 'error',
          code: 'result_schema.invalid',
          path: at,
          message: at.length === 0 ? `${file}: ${message}` : `"${at.at(-1)}" ${message}`,
          reference_url: DIALECT,
        }),
        ...place,
      };
      this.schemas.set(key, [diagnostic]);
      this.diagnostics.push(diagnostic);
    }
  }

  /** What `find` finds in the schema's file and those it refers to; each is looked at once, however many tasks use it. */
  private async schemaFiles(
    subject: string,
    file: string,
    find: (schema: Json) => FileFinding[],
  ): Promise<void> {
    const { bundleSchema } = await import('../schema/bundle.ts');
    const { files } = await bundleSchema(this.program.programDir, file, this.program.source);
    for (const one of files) {
      if (this.schemas.has(one)) continue;
      const found = this.schemaFile(one, `${subject}.result_schema`, find);
      this.schemas.set(one, found);
      this.diagnostics.push(...found);
    }
  }

  private schemaFile(
    file: string,
    location: string,
    find: (schema: Json) => FileFinding[],
  ): Diagnostic[] {
    const inside = resolveInside(this.program.programDir, file);
    const read = inside.ok ? this.program.source.read(file) : null;
    if (!read?.ok) return [];
    // JSON is YAML: one parser finds the places in both.
    const { source } = parseYaml(read.text);
    const content =
      source?.value ?? (file.endsWith('.json') ? (JSON.parse(read.text) as unknown) : null);
    if (!isJsonObject(content)) return [];
    const target: Pick<AuthoredFile, 'file' | 'subject' | 'source'> = {
      file,
      subject: location,
      source,
    };
    return find(content).map((finding) => toDiagnostic(target, finding));
  }

  /** A file that is there and nearly has that name, or has it in a folder that is nearly called so. */
  private nearFile(file: string): string | null {
    const folder = path.posix.dirname(file);
    const base = path.posix.basename(file);
    const near = this.nearIn(folder, base);
    if (near !== null || this.program.source.list(folder).length > 0) return near;
    const parent = path.posix.dirname(folder);
    if (folder === parent) return null;
    const folders = this.namesOf(parent, 'folder').map((name) => path.posix.join(parent, name));
    const meant = suggest(folder, folders);
    return meant === null ? null : this.nearIn(meant, base);
  }

  private nearIn(folder: string, base: string): string | null {
    const near = suggest(base, this.namesOf(folder, 'file'));
    return near === null ? null : `Did you mean "${path.posix.join(folder, near)}"?`;
  }

  private namesOf(folder: string, kind: 'file' | 'folder'): string[] {
    const { source } = this.program;
    return source.list(folder).filter((name) => source.kindOf(`${folder}/${name}`) === kind);
  }
}

/** The Python tool's codes, where it had one. */
function codeOfUnclean(value: Json | undefined): string {
  if (typeof value !== 'string') return 'path_input.non_string';
  const isPadded = value.trim() !== value.replace(/\r?\n$/, '');
  return isPadded ? 'path_input.whitespace' : 'path_binding.unclean_input';
}

function within(inner: string, outer: string): boolean {
  if (!inner.startsWith(outer)) return false;
  const next = inner.charAt(outer.length);
  return next === '' || next === '.' || next === '[';
}

function distinct(diagnostics: Diagnostic[]): Diagnostic[] {
  return [...new Map(diagnostics.map((one) => [JSON.stringify(one), one])).values()];
}

/** project.yaml first, then by file name, then by place. */
export function byPlace(a: Diagnostic, b: Diagnostic): number {
  const rank = (one: Diagnostic): string =>
    one.file === 'project.yaml' ? '' : (one.file ?? '\uffff');
  if (rank(a) !== rank(b)) return rank(a) < rank(b) ? -1 : 1;
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}
