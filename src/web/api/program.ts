/** The authored program: its graph, and what it is made of. */
import { authoredFile, inspectProgram } from '../../app/program/look.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { Json } from '../../model/json.ts';
import type {
  DependencyKind,
  PresetSpec,
  ProjectSpec,
  RoleSpec,
  TaskSpec,
} from '../../model/program.ts';
import type { WebContext } from '../server/context.ts';
import { param } from '../server/request.ts';
import type { Route } from '../server/route.ts';
import { fileQuery, sendFile } from './file.ts';

/** `GET /api/program` */
export interface ProgramView {
  /** Changes with any authored file. */
  hash: string;
  program_dir: string;
  project: ProjectSpec;
  tasks: TaskSpec[];
  /** Dependencies first, then control edges. Ends may name tasks that do not exist. */
  edges: GraphEdge[];
  roles: RoleView[];
  presets: PresetView[];
  inputs: InputView[];
  diagnostics: Diagnostic[];
  /** No errors: a run may start. */
  ok: boolean;
}

export interface GraphEdge {
  source: string;
  target: string;
  /** `order` and `context` are dependencies; the others are control edges. */
  kind: DependencyKind | 'route' | 'continue' | 'stop';
  /** Dependencies: the scope name. */
  scope: string | null;
  consume: string[];
  /** Routes: the label. */
  label: string | null;
}

export interface RoleView extends RoleSpec {
  /** For `GET /api/program/files/…`. */
  instructions_file: string;
}

export interface PresetView {
  source: 'program' | 'global';
  preset: PresetSpec;
}

/** A key that the program knows: a default of project.yaml, or a reference of a task. */
export interface InputView {
  key: string;
  /** Relative to the program; null: no default, a start or a loop must give it. */
  file: string | null;
  /** null where there is no default, where it does not load, and where it is longer than 64 KiB. */
  default_value: Json;
  type: 'string' | 'json';
  /** Why the default does not load, or is not shown. */
  problem: string | null;
  /** Tasks that refer to it. */
  used_by: string[];
}

export const programRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/api/program',
    summary: 'Graph, tasks, roles, presets, inputs, diagnostics',
    answer: 'ProgramView',
    handle: (_, web) => program(web),
  },
  {
    method: 'get',
    path: '/api/program/files/{path}',
    summary: 'An authored file',
    query: fileQuery,
    answer: 'file',
    handle(c, { place }) {
      const file = param(c, 'path');
      return sendFile(c, authoredFile(place.programDir, file), file);
    },
  },
];

function program({ place }: WebContext): Promise<ProgramView> {
  return inspectProgram(place);
}
