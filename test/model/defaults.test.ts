/** What stands for a missing field of a frozen program is what a program that is read now would get. */
import { describe, expect, it } from 'vitest';
import {
  agentDefaults,
  completeProject,
  completeTask,
  decisionDefaults,
  dependencyDefaults,
  forEachDefaults,
  loopDefaults,
  projectDefaults,
  taskDefaults,
} from '../../src/model/defaults.ts';
import type { ProjectSpec, TaskSpec } from '../../src/model/program.ts';
import { projectFields } from '../../src/program/shape/project.ts';
import { defaultOf, type Fields, type Shape } from '../../src/program/shape/shape.ts';
import { taskFields } from '../../src/program/shape/task.ts';

function optional(fields: Fields, ...but: string[]): Record<string, unknown> {
  const entries = Object.entries(fields).filter(
    ([name, { required, staysOut }]) =>
      required !== true && staysOut !== true && !but.includes(name),
  );
  return Object.fromEntries(entries.map(([name, field]) => [name, defaultOf(field)]));
}

function fieldsOf(shape: Shape, variant = ''): Fields {
  switch (shape.type) {
    case 'list':
      return fieldsOf(shape.items);
    case 'map':
      return fieldsOf(shape.values);
    case 'object':
      return shape.fields;
    case 'tagged':
      return shape.variants[variant] ?? {};
    default:
      throw new Error(`${shape.type} has no fields`);
  }
}

describe('defaults', () => {
  it('are those of the files that authors write', () => {
    expect(taskDefaults).toEqual(optional(taskFields, 'agent'));
    expect(projectDefaults).toEqual(optional(projectFields));
    expect(agentDefaults).toEqual(optional(fieldsOf(projectFields.agents.shape)));
    expect(dependencyDefaults).toEqual(optional(fieldsOf(taskFields.depends_on.shape)));
    expect(forEachDefaults).toEqual(optional(fieldsOf(taskFields.for_each.shape)));
    expect(decisionDefaults).toEqual(optional(fieldsOf(taskFields.required_decisions.shape)));
    expect(loopDefaults).toEqual(optional(fieldsOf(taskFields.control.shape, 'loop')));
    expect(optional(fieldsOf(taskFields.control.shape, 'route'))).toEqual({});
  });

  it('fill in what a frozen task lacks, and leave the rest as it is', () => {
    const frozen = {
      unheard_of: 1,
      id: 'a',
      title: 'A',
      depends_on: [{ task: 'b', kind: 'order' }],
      control: { mode: 'loop', continue_targets: ['b'] },
      interaction_policy: { allow_human: false },
      required_decisions: [{ decision_kind: 'review' }],
    };
    const task = completeTask(frozen as unknown as TaskSpec, 'painter');
    expect(task).toEqual({
      ...taskDefaults,
      ...frozen,
      agent: 'painter',
      depends_on: [{ task: 'b', kind: 'order', consume: [], as: null }],
      control: { ...frozen.control, stop_targets: [], max_iterations: null },
      interaction_policy: { allowed_assistant_roles: null, allow_human: false },
      required_decisions: [{ decision_kind: 'review', audience: 'human', description: '' }],
    });
    expect(Object.keys(task).slice(0, 3)).toEqual(['unheard_of', 'id', 'title']);
    expect(JSON.stringify(completeTask(task, 'other'))).toBe(JSON.stringify(task));
  });

  it('fill in what a frozen project lacks', () => {
    const frozen = { name: 'p', workspace: '.', agents: { tests: { backend: 'command' } } };
    expect(completeProject(frozen as unknown as ProjectSpec)).toEqual({
      ...projectDefaults,
      ...frozen,
      agents: { tests: { ...agentDefaults, backend: 'command' } },
    });
  });
});
