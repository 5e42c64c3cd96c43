/** The table of backends: the only place that names them, beside their own folders. */
import { Refusal } from '../model/refusal.ts';
import type { Backend } from './backend.ts';
import { acpBackend } from './acp/backend.ts';
import { claudeBackend } from './claude/backend.ts';
import { codexBackend } from './codex/backend.ts';
import { commandBackend } from './command/backend.ts';

export const backends: readonly Backend[] = [
  codexBackend,
  claudeBackend,
  acpBackend,
  commandBackend,
];

export const backendNames: readonly string[] = backends.map(({ name }) => name);

/** Of an agent that the project does not define. */
export const defaultBackend: Backend = codexBackend;

/** Of the agent that needs no definition and runs the task's own `run` line. */
export const shellBackend: Backend = commandBackend;

/** What a `role.yaml` may name as its backend; the first is the default. */
export const roleBackendNames: readonly string[] = backends.flatMap(
  ({ roleName }) => roleName ?? [],
);

const byName = new Map(backends.map((backend) => [backend.name, backend]));

/** @throws Refusal `backend-unknown`, for a run that a later version started */
export function backendOf(name: string): Backend {
  return byName.get(name) ?? unknown(name);
}

/** By the name in a `role.yaml`. @throws Refusal `backend-unknown` */
export function backendOfRole(roleName: string): Backend {
  return backends.find((backend) => backend.roleName === roleName) ?? unknown(roleName);
}

function unknown(name: string): never {
  throw new Refusal('backend-unknown', `There is no backend "${name}" in this version.`, {
    hint: 'Install the version of codex-orch that started the run.',
  });
}
