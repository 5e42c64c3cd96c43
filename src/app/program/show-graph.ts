/** `graph show`: the program as a graph, control edges drawn apart from dependencies. */
import type { Diagnostic } from '../../model/diagnostic.ts';
import {
  decidesByRules,
  scopeName,
  type DependencyKind,
  type Gathering,
  type TaskSpec,
} from '../../model/program.ts';
import { regionsOf, stackAround } from '../../model/regions.ts';
import { edgesOf } from './edit-edge.ts';
import { listTasks } from './edit-task.ts';
import { oneLine } from '../../text/markdown.ts';
import { conditionWords, forEachWords, notesOn } from '../../text/task-words.ts';

export interface GraphEdge {
  source: string;
  target: string;
  kind: DependencyKind | 'route' | 'continue' | 'stop';
  /** Dependencies: the scope name. */
  scope: string | null;
  consume: string[];
  /** Routes: the label. */
  label: string | null;
  /** Dependencies that take all items of a region together; left out by others. */
  gather?: Gathering;
  /** Dependencies on what a condition may skip; left out by others. */
  optional?: true;
}

/** What `for_each` opens. */
export interface GraphRegion {
  /** The task with `for_each`. */
  task: string;
  /** The region in which it lies; null: none. */
  within: string | null;
  /** That each of its items has, this one first or not, and those of regions in it. */
  tasks: string[];
}

export interface ProgramGraph {
  tasks: TaskSpec[];
  /** Dependencies first, then control edges. */
  edges: GraphEdge[];
  /** Left out where there are none. */
  regions?: GraphRegion[];
}

export type GraphFormat = 'text' | 'mermaid' | 'dot' | 'json';

export function showGraph(programDir: string): { graph: ProgramGraph; unreadable: Diagnostic[] } {
  const { tasks, unreadable } = listTasks(programDir);
  return { graph: graphOf(tasks), unreadable };
}

export function graphOf(tasks: TaskSpec[]): ProgramGraph {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const dependencies = edgesOf(tasks).map((edge): GraphEdge => {
    const dependency = byId
      .get(edge.target)
      ?.depends_on.find((each) => scopeName(each) === edge.scope);
    return {
      ...edge,
      label: null,
      ...(dependency?.gather === undefined ? {} : { gather: dependency.gather }),
      ...(dependency?.optional === true ? { optional: true } : {}),
    };
  });
  const regions = regionsIn(tasks);
  return {
    tasks,
    edges: [...dependencies, ...tasks.flatMap(controlEdges)],
    ...(regions.length === 0 ? {} : { regions }),
  };
}

function regionsIn(tasks: TaskSpec[]): GraphRegion[] {
  const regions = regionsOf(tasks);
  return tasks
    .filter(({ for_each: forEach }) => forEach !== undefined)
    .map((task) => ({
      task: task.id,
      within: stackAround(regions, task).at(-1) ?? null,
      tasks: [...(regions.bodies.get(task.id) ?? [])],
    }));
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
  const regions = regionsOf(tasks);
  const lines = tasks.flatMap((task) => [
    `${task.id} (${task.kind === 'controller' ? 'controller, ' : ''}${task.status}): ${oneLine(task.title)}`,
    ...notesOn(task, stackAround(regions, task).at(-1) ?? null).map((note) => `  ${oneLine(note)}`),
  ]);
  for (const edge of edges) {
    if (isControl(edge)) {
      lines.push(
        `${edge.source} => ${edge.target} [${edge.kind}${edge.label === null ? '' : ` ${oneLine(edge.label)}`}]`,
      );
    } else {
      lines.push(
        `${edge.source} -> ${edge.target} [${edge.kind}] scope=${edge.scope} consume=[${edge.consume.join(', ')}]${edge.gather === undefined ? '' : ` gather=${edge.gather}`}${edge.optional === true ? ' optional' : ''}`,
      );
    }
  }
  return lines.map((line) => `${line}\n`).join('');
}

function asMermaid({ tasks, edges, regions = [] }: ProgramGraph): string {
  const names = nodeNames(tasks, edges);
  const lines = ['flowchart TD'];
  const node = (task: TaskSpec, indent: string): void => {
    const label = `"${nodeLines(task).map(mermaidText).join('<br/>')}"`;
    const name = names.get(task.id) ?? '';
    lines.push(
      task.kind === 'controller' ? `${indent}${name}{{${label}}}` : `${indent}${name}[${label}]`,
    );
  };
  eachRegion(tasks, regions, node, (region, indent, inside) => {
    const name = names.get(region.id) ?? '';
    lines.push(`${indent}subgraph ${name}_items ["${mermaidText(regionLabel(region))}"]`);
    inside();
    lines.push(`${indent}end`);
  });
  for (const [id, name] of names) {
    if (!tasks.some((task) => task.id === id))
      lines.push(`  ${name}["${mermaidText(id)} (missing)"]`);
  }
  for (const edge of edges) {
    const [from, to] = [names.get(edge.source), names.get(edge.target)];
    if (isControl(edge)) {
      lines.push(`  ${from} -. "${mermaidText(edge.label ?? edge.kind)}" .-> ${to}`);
      continue;
    }
    const label = edgeLabel(edge);
    lines.push(
      label === '' ? `  ${from} --> ${to}` : `  ${from} -- "${mermaidText(label)}" --> ${to}`,
    );
  }
  return lines.map((line) => `${line}\n`).join('');
}

function asDot({ tasks, edges, regions = [] }: ProgramGraph): string {
  const lines = ['digraph program {', '  node [shape=box];'];
  const node = (task: TaskSpec, indent: string): void => {
    const shape = task.kind === 'controller' ? ', shape=hexagon' : '';
    lines.push(
      `${indent}${quoted(task.id)} [label=${quoted(nodeLines(task).join('\n'))}${shape}];`,
    );
  };
  eachRegion(tasks, regions, node, (region, indent, inside) => {
    lines.push(`${indent}subgraph ${quoted(`cluster_${region.id}`)} {`);
    lines.push(`${indent}  label=${quoted(regionLabel(region))}; style=rounded;`);
    inside();
    lines.push(`${indent}}`);
  });
  for (const edge of edges) {
    const label = edgeLabel(edge);
    const attributes = isControl(edge)
      ? ` [style=dashed, constraint=false, label=${quoted(edge.label ?? edge.kind)}]`
      : label === ''
        ? ''
        : ` [label=${quoted(label)}]`;
    lines.push(`  ${quoted(edge.source)} -> ${quoted(edge.target)}${attributes};`);
  }
  lines.push('}');
  return lines.map((line) => `${line}\n`).join('');
}

type Draw = (task: TaskSpec, indent: string) => void;
type Enclose = (region: TaskSpec, indent: string, inside: () => void) => void;

/** Each task where it stands: those of a region within it. Regions stand where their first task is. */
function eachRegion(
  tasks: TaskSpec[],
  regions: GraphRegion[],
  draw: Draw,
  enclose: Enclose,
  within: string | null = null,
  indent = '  ',
): void {
  const here = regions.filter((region) => region.within === within);
  const regionOf = new Map(
    here.flatMap((region) => region.tasks.map((id) => [id, region.task] as const)),
  );
  const done = new Set<string>();
  for (const task of tasks) {
    const region = regionOf.get(task.id);
    if (region === undefined) draw(task, indent);
    if (region === undefined || done.has(region)) continue;
    done.add(region);
    const members = tasks.filter(({ id }) => regionOf.get(id) === region);
    enclose(
      members.find(({ id }) => id === region)!,
      indent,
      () => {
        eachRegion(members, regions, draw, enclose, region, `${indent}  `);
      },
    );
  }
}

/** What stands in a node: what is known of the region stands at its frame. */
function nodeLines(task: TaskSpec): string[] {
  return [
    task.id,
    oneLine(task.title),
    ...(task.when === undefined ? [] : [oneLine(`when ${conditionWords(task.when)}`)]),
    ...(decidesByRules(task) ? ['decides by rules'] : []),
  ];
}

function regionLabel({ id, for_each: forEach }: TaskSpec): string {
  return oneLine(forEach === undefined ? id : `${id}: ${forEachWords(forEach)}`);
}

function edgeLabel({ consume, gather, optional }: GraphEdge): string {
  return [
    ...consume,
    ...(gather === undefined ? [] : [`gather ${gather}`]),
    ...(optional === true ? ['optional'] : []),
  ].join(', ');
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
