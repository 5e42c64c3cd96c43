/** `graph show`: the program as a graph, control edges drawn apart from dependencies. */
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { DependencyKind, TaskSpec } from '../../model/program.ts';
import { edgesOf } from './edit-edge.ts';
import { listTasks } from './edit-task.ts';
import { oneLine } from '../../text/markdown.ts';

export interface GraphEdge {
  source: string;
  target: string;
  kind: DependencyKind | 'route' | 'continue' | 'stop';
  /** Dependencies: the scope name. */
  scope: string | null;
  consume: string[];
  /** Routes: the label. */
  label: string | null;
}

export interface ProgramGraph {
  tasks: TaskSpec[];
  /** Dependencies first, then control edges. */
  edges: GraphEdge[];
}

export type GraphFormat = 'text' | 'mermaid' | 'dot' | 'json';

export function showGraph(programDir: string): { graph: ProgramGraph; unreadable: Diagnostic[] } {
  const { tasks, unreadable } = listTasks(programDir);
  return { graph: graphOf(tasks), unreadable };
}

export function graphOf(tasks: TaskSpec[]): ProgramGraph {
  const dependencies = edgesOf(tasks).map((edge) => ({ ...edge, label: null }));
  return { tasks, edges: [...dependencies, ...tasks.flatMap(controlEdges)] };
}

function controlEdges({ id, control }: TaskSpec): GraphEdge[] {
  if (control === null) return [];
  const edge = (target: string, kind: GraphEdge['kind'], label: string | null): GraphEdge => ({
    source: id,
    target,
    kind,
    scope: null,
    consume: [],
    label,
  });
  if (control.mode === 'route') {
    return control.routes.flatMap((route) =>
      route.targets.map((target) => edge(target, 'route', route.label)),
    );
  }
  return [
    ...control.continue_targets.map((target) => edge(target, 'continue', null)),
    ...control.stop_targets.map((target) => edge(target, 'stop', null)),
  ];
}

export function renderGraph(graph: ProgramGraph, format: GraphFormat): string {
  switch (format) {
    case 'text':
      return asText(graph);
    case 'mermaid':
      return asMermaid(graph);
    case 'dot':
      return asDot(graph);
    case 'json':
      return `${JSON.stringify(graph, null, 2)}\n`;
  }
}

function isControl(edge: GraphEdge): boolean {
  return edge.kind !== 'order' && edge.kind !== 'context';
}

function asText({ tasks, edges }: ProgramGraph): string {
  const lines = tasks.map(
    (task) =>
      `${task.id} (${task.kind === 'controller' ? 'controller, ' : ''}${task.status}): ${oneLine(task.title)}`,
  );
  for (const edge of edges) {
    if (isControl(edge)) {
      lines.push(
        `${edge.source} => ${edge.target} [${edge.kind}${edge.label === null ? '' : ` ${oneLine(edge.label)}`}]`,
      );
    } else {
      lines.push(
        `${edge.source} -> ${edge.target} [${edge.kind}] scope=${edge.scope} consume=[${edge.consume.join(', ')}]`,
      );
    }
  }
  return lines.map((line) => `${line}\n`).join('');
}

function asMermaid({ tasks, edges }: ProgramGraph): string {
  const names = nodeNames(tasks, edges);
  const lines = ['flowchart TD'];
  for (const task of tasks) {
    const label = `"${mermaidText(task.id)}<br/>${mermaidText(task.title)}"`;
    const node = names.get(task.id) ?? '';
    lines.push(task.kind === 'controller' ? `  ${node}{{${label}}}` : `  ${node}[${label}]`);
  }
  for (const [id, node] of names) {
    if (!tasks.some((task) => task.id === id))
      lines.push(`  ${node}["${mermaidText(id)} (missing)"]`);
  }
  for (const edge of edges) {
    const [from, to] = [names.get(edge.source), names.get(edge.target)];
    if (isControl(edge)) {
      lines.push(`  ${from} -. "${mermaidText(edge.label ?? edge.kind)}" .-> ${to}`);
    } else if (edge.kind === 'context') {
      lines.push(`  ${from} -- "${mermaidText(edge.consume.join(', '))}" --> ${to}`);
    } else lines.push(`  ${from} --> ${to}`);
  }
  return lines.map((line) => `${line}\n`).join('');
}

function asDot({ tasks, edges }: ProgramGraph): string {
  const lines = ['digraph program {', '  node [shape=box];'];
  for (const task of tasks) {
    const shape = task.kind === 'controller' ? ', shape=hexagon' : '';
    lines.push(
      `  ${quoted(task.id)} [label=${quoted(`${task.id}\n${oneLine(task.title)}`)}${shape}];`,
    );
  }
  for (const edge of edges) {
    const attributes = isControl(edge)
      ? ` [style=dashed, constraint=false, label=${quoted(edge.label ?? edge.kind)}]`
      : edge.kind === 'context'
        ? ` [label=${quoted(edge.consume.join(', '))}]`
        : '';
    lines.push(`  ${quoted(edge.source)} -> ${quoted(edge.target)}${attributes};`);
  }
  lines.push('}');
  return lines.map((line) => `${line}\n`).join('');
}

/** Task ids may be words that Mermaid reserves, such as `end`: nodes get names of their own. */
function nodeNames(tasks: TaskSpec[], edges: GraphEdge[]): Map<string, string> {
  const ids = [
    ...tasks.map((task) => task.id),
    ...edges.flatMap((edge) => [edge.source, edge.target]),
  ];
  return new Map([...new Set(ids)].map((id, index) => [id, `t${index + 1}`]));
}

function mermaidText(text: string): string {
  return oneLine(text).replace(/["&<>#;`|[\]{}()]/g, (character) => `#${character.charCodeAt(0)};`);
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
