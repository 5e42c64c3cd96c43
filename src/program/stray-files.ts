/** Files that look as if they were meant to be part of the program, but are not where it is looked for. */
import type { Diagnostic } from '../model/diagnostic.ts';
import { ROLES_FOLDER } from '../model/program-files.ts';
import type { ProgramSource } from './source/source.ts';

/** Folders of authored files, and what others call them. */
const folders = [
  { folder: 'tasks', kind: 'task', looksLike: /^tasks?$/i },
  { folder: 'presets', kind: 'preset', looksLike: /^presets?$/i },
  { folder: ROLES_FOLDER, kind: 'role', looksLike: /^(assistants?|(assistants?[-_ ]?)?roles?)$/i },
] as const;

/** Warnings, in the order of the files. */
export function strayFiles(source: ProgramSource): Diagnostic[] {
  const top = source.list('.');
  return [
    ...strayProjects(top),
    ...folders.flatMap(({ folder, kind, looksLike }) => [
      ...top
        .filter((name) => name !== folder && looksLike.test(name) && isAuthored(source, name))
        // Where case does not count it is the same folder.
        .filter(
          (name) => top.includes(folder) || source.kindOf(folder) === null || !isSame(name, folder),
        )
        .map((name) =>
          ignored(kind, `${name}/`, `${kind} files lie in "${folder}/"`, `Rename it to ${folder}.`),
        ),
      ...strayIn(source, folder, kind),
    ]),
  ];
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function strayProjects(top: readonly string[]): Diagnostic[] {
  return top
    .filter((name) => name !== 'project.yaml' && /^project\.(ya?ml|json)$/i.test(name))
    .filter((name) => top.includes('project.yaml') || !isSame(name, 'project.yaml'))
    .map((name) =>
      ignored('project', name, 'the project is "project.yaml"', 'Rename or remove it.'),
    );
}

/** Of the folder of tasks or presets; a role is a folder itself. */
function strayIn(source: ProgramSource, folder: string, kind: string): Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const name of source.list(folder)) {
    const file = `${folder}/${name}`;
    if (/^[._]/.test(name)) continue;
    if (kind === 'role') {
      if (!isYaml(name)) continue;
      const at = `${folder}/${name.replace(/\.[^.]*$/, '')}/role.yaml`;
      found.push(ignored(kind, file, 'a role is a folder with a role.yaml', `Move it to ${at}.`));
    } else if (/\.(yml|YAML|YML|json)$/.test(name)) {
      const hint = `Rename it to ${name.replace(/\.[^.]*$/, '.yaml')}.`;
      found.push(ignored(kind, file, `${kind} files end in ".yaml"`, hint));
    } else if (!name.endsWith('.yaml') && source.kindOf(file) === 'folder') {
      for (const below of yamlBelow(source, file, 0)) {
        const hint = `Move it to ${folder}/, or out of it.`;
        found.push(ignored(kind, below, `${kind} files lie in "${folder}/" itself`, hint));
      }
    }
  }
  return found;
}

const MAX_DEPTH = 3;
const MAX_FILES = 20;

function yamlBelow(source: ProgramSource, folder: string, depth: number): string[] {
  return source
    .list(folder)
    .flatMap((name) => {
      const file = `${folder}/${name}`;
      if (name.startsWith('.')) return [];
      if (isYaml(name)) return [file];
      if (depth >= MAX_DEPTH || source.kindOf(file) !== 'folder') return [];
      return yamlBelow(source, file, depth + 1);
    })
    .slice(0, MAX_FILES);
}

/** Whether there is anything in it that might be read. */
function isAuthored(source: ProgramSource, folder: string): boolean {
  return source.kindOf(folder) === 'folder' && yamlBelow(source, folder, MAX_DEPTH - 1).length > 0;
}

function isYaml(name: string): boolean {
  return /\.ya?ml$/i.test(name);
}

function ignored(kind: string, file: string, why: string, hint: string): Diagnostic {
  return {
    severity: 'warning',
    code: `${kind}.ignored_file`,
    message: `${file} is ignored: ${why}`,
    location: file.replace(/\/$/, '').replaceAll('/', '.'),
    reference_url: null,
    file,
    line: null,
    column: null,
    hint,
  };
}
