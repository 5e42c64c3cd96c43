/** What a path that a person typed leads to. Every command line asks: it loads next to nothing. */
import path from 'node:path';
import { statsOf } from '../../disk/stats-of.ts';

export function isProgram(directory: string): boolean {
  return statsOf(path.join(directory, 'project.yaml')) !== null;
}

/** A file of the directory that is likely to be meant for its project.yaml; null where there is none. */
export function nearlyProject(directory: string): string | null {
  const names = ['project.yml', 'Project.yaml', 'project.YAML', 'Project.yml', 'project.json'];
  return names.find((name) => statsOf(path.join(directory, name)) !== null) ?? null;
}

/** What a path leads to; null for nothing. A program is a directory with project.yaml. */
export function whatIsAt(place: string): 'program' | 'directory' | 'file' | null {
  if (isProgram(place)) return 'program';
  const stats = statsOf(place);
  if (stats === null) return null;
  return stats.isDirectory() ? 'directory' : 'file';
}
