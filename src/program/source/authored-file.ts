/** One authored YAML file: read, parsed, checked against its fields, with every problem as a diagnostic. */
import type { Diagnostic } from '../../model/diagnostic.ts';
import { isJsonObject, type Json, type JsonObject } from '../../model/json.ts';
import type { FileKind } from '../shape/file-kinds.ts';
import { checkShape } from '../shape/shape.ts';
import type { ProgramSource } from './source.ts';
import {
  OLDER_READING,
  type ParsedYaml,
  type Path,
  type Position,
  type YamlSource,
} from './yaml-source.ts';

export interface AuthoredFile {
  /** Relative to the program, with `/`; absolute for files that all programs share. */
  file: string;
  /** The model's path of the whole file: `project`, `tasks.build`. */
  subject: string;
  /** After defaults; null where the file could not be read as YAML. */
  value: JsonObject | null;
  /** As written, before defaults. */
  raw: JsonObject | null;
  source: YamlSource | null;
  diagnostics: Diagnostic[];
  /** Locations of fields that stand there under a wrong name. */
  meant: string[];
}

/** What is wrong with a file, at a place in what it says. */
export interface FileFinding {
  severity: Diagnostic['severity'];
  code: string;
  message: string;
  path: Path;
  at?: 'key' | 'value';
  hint?: string | null;
  reference_url?: string | null;
}

/** `file` as the source names it; diagnostics name it `shownAs`. */
export function readAuthoredFile(
  source: ProgramSource,
  file: string,
  kind: FileKind,
  id: string | null,
  shownAs = file,
): AuthoredFile {
  const subject = id === null ? kind.name : `${kind.plural}.${id}`;
  const result: AuthoredFile = {
    file: shownAs,
    subject,
    value: null,
    raw: null,
    source: null,
    diagnostics: [],
    meant: [],
  };
  const read = source.read(file);
  if (!read.ok) {
    const { code, message } = read.problem;
    result.diagnostics.push(fileDiagnostic(result, `file.${code}`, `${shownAs} ${message}`));
    return result;
  }
  checkText(result, source.parse(read.text), kind);
  if (id !== null && result.raw !== null && typeof result.raw['id'] === 'string') {
    const given = result.raw['id'];
    if (given !== id) {
      addFinding(result, {
        severity: 'error',
        code: `${kind.name}.id_mismatch`,
        path: ['id'],
        message: `the id is "${given}", but the file's name says "${id}"`,
        hint: 'Rename the file, or change the id.',
      });
    }
  }
  return result;
}

/** Adds a problem of the file, at its place in the text. */
export function addFinding(target: AuthoredFile, finding: FileFinding): void {
  target.diagnostics.push(toDiagnostic(target, finding));
}

export function toDiagnostic(
  target: Pick<AuthoredFile, 'file' | 'subject' | 'source'>,
  finding: FileFinding,
): Diagnostic {
  const place = target.source?.locate(finding.path, finding.at ?? 'value') ?? null;
  return {
    severity: finding.severity,
    code: finding.code,
    message: finding.message,
    location: locationOf(target.subject, finding.path),
    reference_url: finding.reference_url ?? null,
    file: target.file,
    line: place?.line ?? null,
    column: place?.column ?? null,
    hint: finding.hint ?? null,
  };
}

/** `tasks.build.depends_on[0].task` */
function locationOf(subject: string, at: Path): string {
  return at.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : `${text}.${step}`),
    subject,
  );
}

function checkText(result: AuthoredFile, { source, problems }: ParsedYaml, kind: FileKind): void {
  for (const problem of problems) {
    result.diagnostics.push({
      ...fileDiagnostic(result, `yaml.${problem.code}`, sentence(result.file, problem), problem),
      severity: problem.severity,
      hint: problem.hint,
      ...(problem.excerpt === undefined ? {} : { excerpt: problem.excerpt }),
    });
  }
  if (source === null) return;
  result.source = source;
  const raw: Json = source.value ?? {};
  result.raw = isJsonObject(raw) ? raw : null;
  const { fields, words } = kind;
  const value = checkShape(
    { type: 'object', fields, words },
    raw,
    ({ meant, ...issue }) => {
      addFinding(result, { ...issue, code: `${kind.name}.${issue.code}` });
      if (meant !== undefined) result.meant.push(locationOf(result.subject, meant));
    },
    {
      written: (path) => source.plainText(path),
      // What is taken as it was then needs no note.
      onOlderWord: (path) => dropNote(result, source.locate(path)),
    },
  );
  result.value = isJsonObject(raw) && isJsonObject(value) ? value : null;
}

function dropNote(result: AuthoredFile, { line, column }: Position): void {
  result.diagnostics = result.diagnostics.filter(
    (one) => one.code !== `yaml.${OLDER_READING}` || one.line !== line || one.column !== column,
  );
}

function sentence(file: string, problem: { message: string }): string {
  return /^(is|holds|has) /.test(problem.message) ? `${file} ${problem.message}` : problem.message;
}

function fileDiagnostic(
  target: Pick<AuthoredFile, 'file' | 'subject'>,
  code: string,
  message: string,
  place: Position | null = null,
): Diagnostic {
  return {
    severity: 'error',
    code,
    message,
    location: target.subject,
    reference_url: null,
    file: target.file,
    line: place?.line ?? null,
    column: place?.column ?? null,
    hint: null,
  };
}
