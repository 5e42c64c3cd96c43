/**
 * Skills for coding agents that act for a person: `skill list|export|install`. They come with the
 * program, as directories of a SKILL.md and what it refers to, and are copied as they are.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import { suggest } from '../../text/suggest.ts';
import { makeDirectory, remove, writeFile } from '../../disk/disk.ts';
import { statsOf } from '../../disk/stats-of.ts';
import { asRefusal } from '../program/write-failure.ts';

export interface Skill {
  id: string;
  description: string;
}

interface CopiedSkill {
  id: string;
  skill_id: string;
  /** Absolute. */
  directories: string[];
}

export interface ExportedSkill extends CopiedSkill {
  exported_path: string;
}

export interface InstalledSkill extends CopiedSkill {
  /** Where Codex looks: the first of the directories. */
  installed_path: string;
}

/** Where agents look, below a repository or a home directory: Codex, then Claude Code. */
const PLACES = ['.agents/skills', '.claude/skills'];

/** Beside this file's directory, in the sources and in the build alike (scripts/build.mjs). */
function skillsRoot(): string {
  return path.join(import.meta.dirname, '..', 'skills');
}

/** By id. */
export function listSkills(): Skill[] {
  return readdirSync(skillsRoot(), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ id: name, description: descriptionOf(name) }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/**
 * Copies a skill to `<directory>/<id>`.
 * @throws Refusal `skill-not-found`, `skill-exists` without `overwrite`
 */
export function exportSkill(id: string, directory: string, overwrite: boolean): ExportedSkill {
  return { ...copySkill(id, [directory], overwrite), exported_path: path.join(directory, id) };
}

/**
 * Copies a skill to where Codex and Claude Code find it, below `base`: a repository, or the home
 * directory of a user. Both or none. @throws Refusal as `exportSkill`, and `not-a-directory`
 */
export function installSkill(id: string, base: string, overwrite: boolean): InstalledSkill {
  if (statsOf(base)?.isDirectory() !== true) {
    throw new Refusal('not-a-directory', `${base} is not a directory`);
  }
  const parents = PLACES.map((place) => path.join(base, place));
  const copied = copySkill(id, parents, overwrite);
  return { ...copied, installed_path: path.join(parents[0] ?? base, id) };
}

function copySkill(id: string, parents: string[], overwrite: boolean): CopiedSkill {
  const ids = listSkills().map((skill) => skill.id);
  if (!ids.includes(id)) {
    const near = suggest(id, ids);
    throw new Refusal('skill-not-found', `there is no skill "${id}"`, {
      hint: near === null ? 'codex-orch skill list' : `did you mean ${near}?`,
      exit: ExitStatus.notFound,
    });
  }
  const source = path.join(skillsRoot(), id);
  const directories = parents.map((parent) => path.join(parent, id));
  const taken = directories.find((one) => statsOf(one) !== null);
  if (taken !== undefined && !overwrite) {
    throw new Refusal('skill-exists', `${taken} exists already`, {
      hint: 'replace it with --overwrite',
    });
  }
  try {
    for (const directory of directories) {
      // What an earlier version had and this one has not must not stay.
      remove(directory);
      copyTree(source, directory);
    }
  } catch (error) {
    throw asRefusal(error);
  }
  return { id, skill_id: id, directories };
}

function copyTree(source: string, target: string): void {
  for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const from = path.join(entry.parentPath, entry.name);
    const to = path.join(target, path.relative(source, from));
    makeDirectory(path.dirname(to), { shared: true });
    writeFile(to, readFileSync(from), { shared: true });
  }
}

/** `description` of the front matter: one line of YAML, plain or in quotes. */
function descriptionOf(id: string): string {
  const text = readFileSync(path.join(skillsRoot(), id, 'SKILL.md'), 'utf8');
  const line = /^---\n(?:.*\n)*?description: *(.*)\n/.exec(text)?.[1] ?? '';
  return line.startsWith('"') ? (JSON.parse(line) as string) : line;
}
