/** `graph show`: what regions, conditions and controllers that decide look like in each format. */
import { describe, expect, it } from 'vitest';
import { renderGraph, showGraph, type GraphFormat } from '../../../src/app/program/show-graph.ts';
import { sampleProgram, task } from '../../program/sample-program.ts';

const directory = (): string =>
  sampleProgram({
    'tasks/find.yaml': task('find'),
    'tasks/fix.yaml': task(
      'fix',
      'for_each: {items: deps.find.result.list, as: failure, stop_after: 2}\ndepends_on: [{task: find, kind: order}]\n',
    ),
    'tasks/part.yaml': task(
      'part',
      'for_each: {items: [1, 2], as: part, ask_above: null}\ndepends_on: [{task: fix, kind: order}]\n',
    ),
    'tasks/check.yaml': task(
      'check',
      'depends_on: [{task: fix, kind: order}]\nwhen: {ref: inputs.failure.hard, matches: {const: true}}\n',
    ),
    'tasks/join.yaml': task('join', 'depends_on: [{task: part, kind: order, gather: all}]\n'),
    'tasks/sum.yaml': task(
      'sum',
      'depends_on: [{task: join, kind: context, consume: [final.md], gather: settled}]\n',
    ),
    'tasks/end.yaml': task(
      'end',
      'kind: controller\ndepends_on: [{task: sum, kind: order, optional: true}]\ncontrol: {mode: route, routes: [{label: a, targets: [last]}], decide: [{labels: [a]}]}\n',
    ),
    'tasks/last.yaml': task('last', 'depends_on: [{task: end, kind: order}]\n'),
  });

function shown(format: GraphFormat): string {
  const { graph, unreadable } = showGraph(directory());
  expect(unreadable).toEqual([]);
  return renderGraph(graph, format);
}

describe('17. graph show', () => {
  it('says in text what each task is more than one step', () => {
    expect(shown('text').split('\n')).toEqual([
      'check (draft): Task check',
      '  for each item of fix',
      '  when inputs.failure.hard is true',
      'end (controller, draft): Task end',
      '  decides by rules',
      '  without sum where its condition skips it',
      'find (draft): Task find',
      'fix (draft): Task fix',
      '  for each failure of deps.find.result.list, asks above 25, no further one after 2 failures',
      'join (draft): Task join',
      '  for each item of fix',
      '  once all items of part are done',
      'last (draft): Task last',
      'part (draft): Task part',
      '  for each item of fix',
      '  for each part of a list of 2',
      'sum (draft): Task sum',
      '  once all items of join are settled',
      'fix -> check [order] scope=fix consume=[]',
      'sum -> end [order] scope=sum consume=[] optional',
      'find -> fix [order] scope=find consume=[]',
      'part -> join [order] scope=part consume=[] gather=all',
      'end -> last [order] scope=end consume=[]',
      'fix -> part [order] scope=fix consume=[]',
      'join -> sum [context] scope=join consume=[final.md] gather=settled',
      'end => last [route a]',
      '',
    ]);
  });

  it('draws a region as a frame around its tasks', () => {
    expect(shown('mermaid')).toMatchInlineSnapshot(`
      "flowchart TD
        subgraph t4_items ["fix: for each failure of deps.find.result.list, asks above 25, no further one after 2 failures"]
          t1["check<br/>Task check<br/>when inputs.failure.hard is true"]
          t4["fix<br/>Task fix"]
          t5["join<br/>Task join"]
          subgraph t7_items ["part: for each part of a list of 2"]
            t7["part<br/>Task part"]
          end
        end
        t2{{"end<br/>Task end<br/>decides by rules"}}
        t3["find<br/>Task find"]
        t6["last<br/>Task last"]
        t8["sum<br/>Task sum"]
        t4 --> t1
        t8 -- "optional" --> t2
        t3 --> t4
        t7 -- "gather all" --> t5
        t2 --> t6
        t4 --> t7
        t5 -- "final.md, gather settled" --> t8
        t2 -. "a" .-> t6
      "
    `);
    expect(shown('dot')).toMatchInlineSnapshot(`
      "digraph program {
        node [shape=box];
        subgraph "cluster_fix" {
          label="fix: for each failure of deps.find.result.list, asks above 25, no further one after 2 failures"; style=rounded;
          "check" [label="check\\nTask check\\nwhen inputs.failure.hard is true"];
          "fix" [label="fix\\nTask fix"];
          "join" [label="join\\nTask join"];
          subgraph "cluster_part" {
            label="part: for each part of a list of 2"; style=rounded;
            "part" [label="part\\nTask part"];
          }
        }
        "end" [label="end\\nTask end\\ndecides by rules", shape=hexagon];
        "find" [label="find\\nTask find"];
        "last" [label="last\\nTask last"];
        "sum" [label="sum\\nTask sum"];
        "fix" -> "check";
        "sum" -> "end" [label="optional"];
        "find" -> "fix";
        "part" -> "join" [label="gather all"];
        "end" -> "last";
        "fix" -> "part";
        "join" -> "sum" [label="final.md, gather settled"];
        "end" -> "last" [style=dashed, constraint=false, label="a"];
      }
      "
    `);
  });

  it('lists regions in JSON, and leaves them out where there are none', () => {
    const { regions, edges } = JSON.parse(shown('json')) as Record<string, unknown[]>;
    expect(regions).toEqual([
      { task: 'fix', within: null, tasks: ['check', 'fix', 'join', 'part'] },
      { task: 'part', within: 'fix', tasks: ['part'] },
    ]);
    expect(edges).toContainEqual({
      ...{ source: 'part', target: 'join', kind: 'order', scope: 'part', consume: [], label: null },
      gather: 'all',
    });
    const plain = showGraph(sampleProgram({ 'tasks/a.yaml': task('a') }));
    expect(Object.keys(plain.graph)).toEqual(['tasks', 'edges']);
  });
});
