/** The text of an authored file, whichever it is: looking at it, checking an edit, saving it. */
import type { Context } from 'hono';
import {
  authoredFiles,
  checkText,
  inspectText,
  saveText,
} from '../../app/program/authored-text.ts';
import { authoredSchema } from '../../app/program/authored-schema.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { JsonObject } from '../../model/json.ts';
import type { FileKindName } from '../../model/program-files.ts';
import type { WebContext } from '../server/context.ts';
import { param, readBody } from '../server/request.ts';
import type { Route } from '../server/route.ts';
import type { CheckResult } from './task.ts';

/** `GET /api/program/texts`: by name. */
export interface AuthoredFiles {
  files: AuthoredFileView[];
}

export interface AuthoredFileView {
  /** Relative to the program, with `/`. */
  file: string;
  /** Which schema holds for it: see `GET /api/program/schemas/:kind`; null: none. */
  kind: FileKindName | null;
  size: number;
}

/** `GET /api/program/texts/<path>` */
export interface AuthoredTextView {
  file: string;
  kind: FileKindName | null;
  /** Empty where there is no such file yet. */
  text: string;
  /** SHA-256 of `text`, to be given back with an edit; null where there is no such file yet. */
  hash: string | null;
  /** Those of this file. */
  diagnostics: Diagnostic[];
}

/** `POST /api/program/texts/<path>` */
export interface CheckTextBody {
  text: string;
}

/** `PUT /api/program/texts/<path>` */
export interface SaveTextBody {
  text: string;
  /** The `hash` that the edit began with; null makes the file. A conflict is refused with 409 `edit-conflict`. */
  base_hash: string | null;
}

const TEXT = '/api/program/texts/{path}';

export const textRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/api/program/texts',
    summary: 'Files that people write, by name',
    answer: 'AuthoredFiles',
    handle: async (_, { place }): Promise<AuthoredFiles> => ({ files: await authoredFiles(place) }),
  },
  {
    method: 'get',
    path: TEXT,
    summary: 'The text of an authored file, with what is wrong with it',
    answer: 'AuthoredTextView',
    handle: (c, { place }): Promise<AuthoredTextView> => inspectText(place, param(c, 'path')),
  },
  {
    method: 'post',
    path: TEXT,
    summary: 'Validate an edit of a file; write nothing',
    body: 'CheckTextBody',
    answer: 'CheckResult',
    handle: check,
  },
  {
    method: 'put',
    path: TEXT,
    summary: 'Save a file, or make one',
    body: 'SaveTextBody',
    answer: 'AuthoredTextView',
    handle: save,
  },
  {
    method: 'get',
    path: '/api/program/schemas/{kind}',
    summary: 'The JSON Schema of project.yaml, of a task, a role or a preset',
    answer: 'document',
    handle: (c): JsonObject => authoredSchema(param(c, 'kind')),
  },
];

async function check(c: Context, { place }: WebContext): Promise<CheckResult> {
  return checkText(place, param(c, 'path'), (await readBody(c)).text('text'));
}

async function save(c: Context, { world, place }: WebContext): Promise<AuthoredTextView> {
  const body = await readBody(c);
  const base = body.textOrNull('base_hash');
  return saveText(world, place, param(c, 'path'), body.text('text'), base);
}
