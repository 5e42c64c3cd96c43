/** Presets: what one would write, and writing it. */
import type { Context } from 'hono';
import { applyPreset } from '../../app/program/apply-preset.ts';
import { presetFiles } from '../../app/program/look.ts';
import type { JsonObject } from '../../model/json.ts';
import type { WebContext } from '../server/context.ts';
import { param, readBody } from '../server/request.ts';
import type { Route } from '../server/route.ts';
import type { EditResult } from './task.ts';

/** `POST /api/program/presets/:id/preview` */
export interface PresetVariablesBody {
  variables: Record<string, string>;
}

/** `POST /api/program/presets/:id/apply` */
export interface PresetApplyBody {
  variables: Record<string, string>;
  overwrite?: boolean;
}

export interface PresetPreview {
  tasks: JsonObject[];
  /** The same, as the files that would be written. */
  files: { path: string; yaml: string; exists: boolean }[];
}

const PRESET = '/api/program/presets/{preset}';

export const presetRoutes: readonly Route[] = [
  {
    method: 'post',
    path: `${PRESET}/preview`,
    summary: 'What a preset would write',
    body: 'PresetVariablesBody',
    answer: 'PresetPreview',
    handle: previewPreset,
  },
  {
    method: 'post',
    path: `${PRESET}/apply`,
    summary: 'Write all tasks of a preset, or none',
    body: 'PresetApplyBody',
    answer: 'EditResult',
    handle: writePreset,
  },
];

async function previewPreset(c: Context, { place }: WebContext): Promise<PresetPreview> {
  const body = await readBody(c);
  return presetFiles(place, param(c, 'preset'), body.textMap('variables'));
}

async function writePreset(c: Context, { world, place }: WebContext): Promise<EditResult> {
  const body = await readBody(c);
  const overwrite = body.flag('overwrite');
  const { ids, warnings } = await applyPreset(
    world,
    place,
    param(c, 'preset'),
    body.textMap('variables'),
    { overwrite },
  );
  return { ids, warnings };
}
