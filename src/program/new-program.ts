/** The files of a new program. Pure: it writes nothing. */
import { defaultBackend } from '../agents/backends.ts';
import { builtInAgents, SHELL_AGENT } from '../agents/resolve-agent.ts';
import { isJsonObject, type JsonObject } from '../model/json.ts';
import type { Edition } from '../model/policies.ts';
import type { Sandbox } from '../model/program.ts';
import { fileKindNames, OPERATING_MODEL_FILE } from '../model/program-files.ts';
import { toYaml } from './source/edit-yaml.ts';
import { programSchema } from './shape/file-kinds.ts';
import { backlogDrain } from './templates/backlog-drain.ts';
import { basic } from './templates/basic.ts';
import { migration } from './templates/migration.ts';
import { operatingModel } from './templates/operating-model.ts';
import { parallelFixes } from './templates/parallel-fixes.ts';
import { qualityConvergence } from './templates/quality-convergence.ts';
import { reviewPanel } from './templates/review-panel.ts';
import type { TemplateFiles } from './templates/template.ts';

const empty: TemplateFiles = { description: '', userInputs: {}, files: {} };
const templates = {
  basic,
  empty,
  backlog_drain: backlogDrain,
  quality_convergence: qualityConvergence,
  parallel_fixes: parallelFixes,
  review_panel: reviewPanel,
  migration,
};
export type TemplateName = keyof typeof templates;
export const templateNames = Object.keys(templates) as TemplateName[];

export interface NewProgram {
  name: string;
  workspace: string;
  template: TemplateName;
  description: string | null;
  defaultAgent: string | null;
  defaultSandbox: Sandbox | null;
  maxConcurrency: number | null;
  edition: Edition;
}

/** File, relative to the program, → text. */
export function newProgramFiles(wanted: NewProgram): Map<string, string> {
  const template: TemplateFiles = templates[wanted.template];
  const project = {
    name: wanted.name,
    description: wanted.description ?? template.description,
    workspace: wanted.workspace,
    ...(wanted.edition === 1 ? {} : { edition: wanted.edition }),
    default_agent: wanted.defaultAgent ?? 'default',
    default_sandbox: wanted.defaultSandbox ?? 'workspace-write',
    max_concurrency: 2,
    ...template.project,
    ...agentsWith(wanted.defaultAgent, template),
    ...(wanted.maxConcurrency === null ? {} : { max_concurrency: wanted.maxConcurrency }),
    user_inputs: template.userInputs,
    // What may pass by itself is tried again; those of the original do not do that.
    ...(wanted.edition === 1 ? {} : { retry: { max_attempts: 3 } }),
  };
  const header = '# yaml-language-server: $schema=schemas/codex-orch/project.json\n';
  const files = new Map([['project.yaml', header + toYaml(project)]]);
  for (const [file, text] of Object.entries(template.files)) {
    files.set(file, wanted.defaultAgent === SHELL_AGENT ? forCodex(file, text) : text);
  }
  files.set(OPERATING_MODEL_FILE, operatingModel);
  for (const name of fileKindNames) {
    files.set(
      `schemas/codex-orch/${name}.json`,
      `${JSON.stringify(programSchema(name), null, 2)}\n`,
    );
  }
  files.set('.gitignore', '.runs/\n.codex-orch/\n');
  return files;
}

/** Where a template defines agents, the one that the person named is another of them. */
function agentsWith(name: string | null, { project }: TemplateFiles): JsonObject {
  const agents = project?.['agents'];
  if (name === null || builtInAgents.includes(name) || !isJsonObject(agents)) return {};
  return { agents: { ...agents, [name]: agents[name] ?? { backend: defaultBackend.name } } };
}

/** Prompts are nothing that a shell could run: such a task keeps an agent that reads. */
function forCodex(file: string, text: string): string {
  const isPrompt = file.startsWith('tasks/') && !/^(run|agent):/m.test(text);
  return isPrompt ? text.replace(/^status: .*\n/m, '$&agent: default\n') : text;
}
