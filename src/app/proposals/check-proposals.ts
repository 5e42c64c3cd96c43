/**
 * Which of an assistant's suggested changes are recorded, section 10 of the contract: a role may suggest
 * changes of itself, of how the asking task routes its questions, and of the program's own files. What
 * goes beyond that is dropped with a reason, and blocks nothing.
 */
import { realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { stringifyJson, isJsonObject, type Json, type JsonObject } from '../../model/json.ts';
import type { RoleSpec } from '../../model/program.ts';
import type { Proposal, ProposalKind, InstanceInterrupt } from '../../model/run.ts';
import { resolveInside } from '../../disk/inside.ts';
import { readForeign } from '../../disk/foreign-file.ts';
import { parseForeignJson } from '../../disk/foreign-json.ts';
import { sha256 } from '../../disk/sha256.ts';
import {
  contentModes,
  proposalKinds,
  routingSections,
} from '../../attempt/brief/assistant/output-schema.ts';
import { locateRoleFile } from '../../attempt/brief/assistant/role-files.ts';
import { isFile } from '../../disk/stats-of.ts';
import { shown } from '../../text/shown.ts';

/** Together they must pass through the run's inbox. */
const MAX_CONTENT_BYTES = 2 * 1024 * 1024;
const MAX_PROPOSALS = 99;
/** What is kept of a suggestion that is dropped. */
const MAX_DROPPED_BYTES = 16 * 1024;
const MAX_DROPPED_DEPTH = 50;

export interface ProposalContext {
  programDir: string;
  role: Pick<RoleSpec, 'id' | 'instructions' | 'managed_assets'>;
  interrupt: Pick<InstanceInterrupt, 'interrupt_id' | 'run_id' | 'instance_id' | 'task_id'>;
  /** ISO 8601. */
  now: string;
}

export interface CheckedProposals {
  proposals: Proposal[];
  dropped: { reason: string; proposal: Json }[];
}

/** A suggestion's number is its place in the answer, so that doing this again gives the same ids. */
export function checkProposals(
  updates: readonly Json[],
  context: ProposalContext,
): CheckedProposals {
  const result: CheckedProposals = { proposals: [], dropped: [] };
  let bytes = 0;
  for (const [index, update] of updates.slice(0, MAX_PROPOSALS).entries()) {
    const checked = checkOne(update, index + 1, context);
    const size = checked.ok ? Buffer.byteLength(stringifyJson(checked.proposal)) : 0;
    if (checked.ok && bytes + size <= MAX_CONTENT_BYTES) {
      bytes += size;
      result.proposals.push(checked.proposal);
      continue;
    }
    const reason = checked.ok ? 'the suggestions of this answer are too large' : checked.reason;
    result.dropped.push({ reason, proposal: shortened(update) });
  }
  const more = updates.length - MAX_PROPOSALS;
  if (more > 0) {
    const reason = `${more} more suggestions; at most ${MAX_PROPOSALS} are taken of one answer`;
    result.dropped.push({ reason, proposal: null });
  }
  return result;
}

type Checked = { ok: true; proposal: Proposal } | { ok: false; reason: string };

function checkOne(update: Json, number: number, context: ProposalContext): Checked {
  if (!isJsonObject(update)) return no('it is not a JSON object');
  const kind = proposalKinds.find((one) => one === update['kind']);
  if (kind === undefined) return no(`"kind" must be one of ${proposalKinds.join(', ')}`);
  const mode = contentModes.find((one) => one === update['suggested_content_mode']);
  if (mode === undefined) {
    return no(`"suggested_content_mode" must be one of ${contentModes.join(', ')}`);
  }
  const { summary, rationale, suggested_content: content } = update;
  if (typeof summary !== 'string' || summary.trim() === '') return no('"summary" is missing');
  if (typeof rationale !== 'string') return no('"rationale" is missing');
  if (typeof content !== 'string' || content.trim() === '') {
    return no('"suggested_content" is missing');
  }
  if (!isJsonObject(update['target'])) return no('"target" is missing');
  const target = targetOf(kind, update['target'], context);
  if (!target.ok) return target;
  const { interrupt, role, now } = context;
  const proposal: Proposal = {
    proposal_id: `prop-${interrupt.interrupt_id}-${String(number).padStart(2, '0')}`,
    run_id: interrupt.run_id,
    instance_id: interrupt.instance_id,
    interrupt_id: interrupt.interrupt_id,
    source_role_id: role.id,
    requester_task_id: interrupt.task_id,
    proposal: {
      kind,
      summary,
      rationale,
      suggested_content_mode: mode,
      suggested_content: content,
      target: { ...target.fields, file_sha256: hashOf(target.absolute) },
    },
    target_file_path: target.file,
    status: 'proposed',
    created_at: now,
    status_updated_at: now,
    status_note: null,
  };
  return { ok: true, proposal };
}

type Target =
  { ok: true; fields: JsonObject; file: string; absolute: string } | { ok: false; reason: string };

function targetOf(kind: ProposalKind, given: JsonObject, context: ProposalContext): Target {
  const { programDir, role, interrupt } = context;
  switch (kind) {
    case 'instruction_update': {
      if (given['role_id'] !== role.id) return otherRole(kind, given, role.id);
      return roleFile(programDir, role.id, role.instructions, { role_id: role.id });
    }
    case 'managed_asset_update': {
      if (given['role_id'] !== role.id) return otherRole(kind, given, role.id);
      const asset = given['managed_asset_path'];
      if (typeof asset !== 'string' || !role.managed_assets.includes(asset)) {
        const declared = role.managed_assets.join(', ') || 'it declares none';
        return no(`${shown(asset)} is no managed asset of role ${role.id} (${declared})`);
      }
      const fields = { role_id: role.id, managed_asset_path: asset };
      return roleFile(programDir, role.id, asset, fields);
    }
    case 'routing_policy_update': {
      if (given['task_id'] !== interrupt.task_id) {
        const task = shown(given['task_id']);
        return no(`${kind} may only target the asking task ${interrupt.task_id}, not ${task}`);
      }
      const section = routingSections.find((one) => one === given['routing_section']);
      if (section === undefined) {
        return no(`"target.routing_section" must be one of ${routingSections.join(', ')}`);
      }
      const file = `tasks/${interrupt.task_id}.yaml`;
      const fields = { task_id: interrupt.task_id, routing_section: section };
      const found = findProgramFile(programDir, file);
      if (!found.ok) return found;
      return isFile(found.absolute) ? { ...found, fields } : no(`${file} does not exist any more`);
    }
    case 'program_asset_update': {
      // Programs written for the Python tool teach the second name.
      const { program_asset_path: own, managed_asset_path: other } = given;
      const file = own ?? other;
      if (typeof file !== 'string') return no('"target.program_asset_path" is missing');
      if (typeof other === 'string' && other !== file) {
        return no(`${shown(file)} and ${shown(other)} are two targets; a suggestion has one`);
      }
      const found = findProgramFile(programDir, file);
      if (!found.ok) return found;
      const fields: JsonObject = { program_asset_path: file };
      if (typeof other === 'string') fields['managed_asset_path'] = file;
      return { ...found, fields };
    }
  }
}

function roleFile(programDir: string, roleId: string, name: string, fields: JsonObject): Target {
  const located = locateRoleFile(programDir, roleId, name);
  if (!located.ok) return no(`"${name}" of role ${roleId}: ${located.reason}`);
  const found = findProgramFile(programDir, located.path);
  return found.ok ? { ...found, fields } : found;
}

/** The largest file that a proposal may mean to change, in bytes. */
export const MAX_TARGET_BYTES = 16 * 1024 * 1024;

export type ProgramFile =
  | {
      ok: true;
      /** Relative to the program, with `/`, links resolved. */
      file: string;
      absolute: string;
    }
  | { ok: false; reason: string };

/** A file that is there, or could be, and that belongs to the program rather than to what runs leave. */
export function findProgramFile(programDir: string, file: string): ProgramFile {
  const inside = resolveInside(programDir, file);
  if (!inside.ok) return no(`"${file}" is no file of the program: ${inside.reason}`);
  const real = path.relative(realpathSync(programDir), inside.path).split(path.sep).join('/');
  for (const one of [path.posix.normalize(file), real]) {
    const [top = ''] = one.split('/');
    // Some file systems take `.RUNS` and `.runs` for one name.
    if (['.runs', '.codex-orch', '.git'].includes(top.toLowerCase())) {
      return no(`"${file}" lies in ${top}, which is no part of the program`);
    }
  }
  const stats = statSync(inside.path, { throwIfNoEntry: false });
  if (stats && !stats.isFile()) return no(`"${file}" is not a file`);
  return { ok: true, file: real, absolute: inside.path };
}

/** Of the file as it is now, to tell later whether it has changed; null where there is none. */
function hashOf(file: string): string | null {
  const read = readForeign(file, { maxBytes: MAX_TARGET_BYTES });
  return read.ok ? sha256(read.bytes) : null;
}

/** The suggestion, or the beginning of its text where the inbox might not take it. */
function shortened(update: Json): Json {
  const bytes = Buffer.from(stringifyJson(update));
  const fits = bytes.length <= MAX_DROPPED_BYTES;
  if (fits && parseForeignJson(bytes, MAX_DROPPED_DEPTH).ok) return update;
  return `${bytes.toString('utf8').slice(0, 4096)}…`;
}

function otherRole(kind: ProposalKind, given: JsonObject, roleId: string): Target {
  const named = given['role_id'] === undefined ? 'nothing' : shown(given['role_id'], 100);
  return no(`${kind} may only target the answering role ${roleId}, not ${named}`);
}

function no(reason: string): { ok: false; reason: string } {
  return { ok: false, reason };
}
