/** Names of the program that may stand at a place of one of its files: tasks, roles, agents, files, references. Pure. */
import type { ProgramView } from '../../api/program.ts';
import type { YamlPlace } from './yaml-place.ts';

export interface Name {
  name: string;
  /** What it is, for people. */
  detail: string;
}

export interface KnownNames {
  program: ProgramView | null;
  /** Relative to the program. */
  files: readonly string[];
}

interface Rule {
  /** Of the path, joined by dots; in a preset, from its task on. */
  place: RegExp;
  names: (known: KnownNames, place: YamlPlace, text: string) => Name[];
}

const rules: readonly Rule[] = [
  {
    place: /(^|\.)(depends_on\.\[\]\.task|targets\.\[\]|(continue|stop)_targets\.\[\])$/,
    names: ({ program }) =>
      (program?.tasks ?? []).map(({ id, title }) => ({ name: id, detail: title })),
  },
  {
    place: /(^|\.)depends_on\.\[\]\.consume(\.\[\])?$/,
    names: ({ program }, { beside }) => {
      const task = program?.tasks.find(({ id }) => id === beside.get('task'));
      return (task?.publish ?? []).map((name) => ({ name, detail: `of ${task?.id ?? ''}` }));
    },
  },
  {
    place: /^(agent|default_agent|fallback_agents\.\[\])$/,
    names: ({ program }) => {
      const own = Object.entries(program?.project.agents ?? {});
      const named = own.map(([name, { backend }]) => ({ name, detail: backend }));
      return [
        ...named,
        { name: 'default', detail: 'as the project says' },
        { name: 'shell', detail: 'runs a shell line' },
      ];
    },
  },
  {
    place:
      /(^|\.)(preferred_roles\.\[\]|allowed_assistant_roles\.\[\]|decision_kind_overrides\.[^.]+)$/,
    names: ({ program }) =>
      (program?.roles ?? []).map(({ id, title }) => ({ name: id, detail: title })),
  },
  {
    place: /^(labels|policy\.task_labels_any)\.\[\]$/,
    names: ({ program }) => {
      const labels = new Set((program?.tasks ?? []).flatMap((task) => task.labels));
      return [...labels].map((name) => ({ name, detail: 'label' }));
    },
  },
  { place: /(^|\.)compose\.\[\]\.path$/, names: filesLike(/^prompts\/|\.md$/) },
  { place: /(^|\.)result_schema$/, names: filesLike(/^schemas\/|\.json$/) },
  { place: /^user_inputs\.[^.]+$/, names: filesLike(/^inputs\//) },
  { place: /(^|\.)(ref|items)$/, names: (known, _, text) => references(known, text) },
];

export function namesAt(known: KnownNames, place: YamlPlace, text: string): Name[] {
  const path = place.path.join('.').replace(/^tasks\.\[\]\./, '');
  const rule = rules.find((each) => each.place.test(path));
  return rule?.names(known, place, text) ?? [];
}

function filesLike(fits: RegExp): Rule['names'] {
  return ({ files }) =>
    files.filter((file) => fits.test(file)).map((name) => ({ name, detail: 'file' }));
}

/** What a task that depends on what this text names could refer to. */
function references({ program }: KnownNames, text: string): Name[] {
  const inputs = (program?.inputs ?? []).map(({ key }) => ({
    name: `inputs.${key}`,
    detail: 'input',
  }));
  const named = [...text.matchAll(/\btask:\s*["']?([\w.-]+)/g)].map(([, id = '']) => id);
  const results = [...new Set(named)].flatMap((id) => {
    const task = program?.tasks.find((each) => each.id === id);
    const files = (task?.publish ?? []).map((file) => `deps.${id}.artifacts.${file}`);
    return task === undefined ? [] : [`deps.${id}.result`, ...files];
  });
  const runtime = ['runtime.replies', 'runtime.latest_reply'];
  return [...inputs, ...[...results, ...runtime].map((name) => ({ name, detail: 'reference' }))];
}
