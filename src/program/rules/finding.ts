/** What the rules of a program find, and how they say it. */
import type { ProjectSpec, RoleSpec, TaskSpec } from '../../model/program.ts';
import type { FileFinding } from '../source/authored-file.ts';

export interface ProgramModel {
  project: ProjectSpec;
  tasks: readonly TaskSpec[];
  roles: readonly RoleSpec[];
  /** Whether project.yaml could not be read: what it says of agents is not known. */
  isProjectUnreadable: boolean;
  /** Ids that exist, but whose file cannot be read: pointing to them is no mistake. */
  unreadableTasks: ReadonlySet<string>;
  unreadableRoles: ReadonlySet<string>;
}

export interface RuleFinding extends FileFinding {
  /** `project`, or `tasks.<id>`. */
  subject: string;
}

/** Adds a finding about one subject. */
export type Add = (
  severity: RuleFinding['severity'],
  code: string,
  path: RuleFinding['path'],
  message: string,
  hint?: string | null,
) => void;
