/** The verbs on edges, that is, on items of `depends_on`: list, add, remove. */
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { Json } from '../../model/json.ts';
import { scopeName, type DependencyKind, type TaskSpec } from '../../model/program.ts';
import { taskFile } from '../../model/program-files.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import { appendItem, removeItems } from '../../program/source/edit-yaml.ts';
import { commitEdit } from './edit.ts';
import { editProgram, type Editor, type HeldProgram } from './held-program.ts';
import { listTasks, showTask, editableText, unknownTask } from './edit-task.ts';
import type { ProgramPlace } from './validate.ts';

/** `target` depends on `source`. */
export interface Edge {
  source: string;
  target: string;
  kind: DependencyKind;
  scope: string;
  consume: string[];
}

export interface NewEdge {
  source: string;
  target: string;
  kind: DependencyKind;
  /** Scope name; null: the source's id. */
  scopeAlias: string | null;
  consume: string[];
}

export function edgesOf(tasks: readonly TaskSpec[]): Edge[] {
  return tasks.flatMap((task) =>
    task.depends_on.map((dependency) => ({
      source: dependency.task,
      target: task.id,
      kind: dependency.kind,
      scope: scopeName(dependency),
      consume: dependency.consume,
    })),
  );
}

export function listEdges(programDir: string): { edges: Edge[]; unreadable: Diagnostic[] } {
  const { tasks, unreadable } = listTasks(programDir);
  return { edges: edgesOf(tasks), unreadable };
}

export async function addEdge(
  editor: Editor,
  place: ProgramPlace,
  edge: NewEdge,
): Promise<{ edge: Edge; warnings: Diagnostic[] }> {
  return editProgram(editor, place, 'edge add', (held) => addTo(held, edge));
}

async function addTo(
  held: HeldProgram,
  edge: NewEdge,
): Promise<{ edge: Edge; warnings: Diagnostic[] }> {
  const text = editableText(held.source, edge.target);
  if (!listTasks(held.programDir).tasks.some((task) => task.id === edge.source)) {
    throw unknownTask(held.source, edge.source);
  }
  const item: Record<string, Json> = { task: edge.source, kind: edge.kind };
  if (edge.consume.length > 0) item['consume'] = edge.consume;
  if (edge.scopeAlias !== null) item['as'] = edge.scopeAlias;
  const edits = new Map([[taskFile(edge.target), appendItem(text, 'depends_on', item)]]);
  const { warnings } = await commitEdit(held, edits);
  const { source, target, kind, consume } = edge;
  return {
    edge: { source, target, kind, scope: edge.scopeAlias ?? source, consume },
    warnings,
  };
}

/** Removes every edge of that kind between the two. Throws a Refusal `edge-unknown` (exit 4). */
export async function removeEdge(
  editor: Editor,
  place: ProgramPlace,
  source: string,
  target: string,
  kind: DependencyKind,
): Promise<{ removed: Edge[]; warnings: Diagnostic[] }> {
  return editProgram(editor, place, 'edge remove', (held) =>
    removeFrom(held, source, target, kind),
  );
}

async function removeFrom(
  held: HeldProgram,
  source: string,
  target: string,
  kind: DependencyKind,
): Promise<{ removed: Edge[]; warnings: Diagnostic[] }> {
  const text = editableText(held.source, target);
  const task = showTask(held.programDir, target);
  const indices = task.depends_on.flatMap((dependency, index) =>
    dependency.task === source && dependency.kind === kind ? [index] : [],
  );
  if (indices.length === 0) {
    const other = task.depends_on.find((dependency) => dependency.task === source);
    throw new Refusal('edge-unknown', `there is no ${kind} edge from "${source}" to "${target}"`, {
      hint: other
        ? `there is one of kind ${other.kind}`
        : 'codex-orch edge list shows what there is',
      exit: ExitStatus.notFound,
    });
  }
  const removed = edgesOf([task]).filter((_edge, index) => indices.includes(index));
  const edits = new Map([[taskFile(target), removeItems(text, 'depends_on', indices)]]);
  const { warnings } = await commitEdit(held, edits);
  return { removed, warnings };
}
