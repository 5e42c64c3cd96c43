/** Section 10 of the contract, "Recommendation". */
import { describe, expect, it } from 'vitest';
import type {
  DecisionKind,
  RequestKind,
  RolePolicy,
  TaskSpec,
} from '../../../src/model/program.ts';
import {
  recommendRole,
  resolveTarget,
  type TargetQuery,
} from '../../../src/core/requests/recommend.ts';

type Hints = Partial<TaskSpec['assistant_hints']>;

function query(
  roles: Record<string, Partial<RolePolicy>>,
  change: {
    hints?: Hints;
    labels?: string[];
    allowed?: string[] | null;
    request?: RequestKind;
    decision?: DecisionKind | null;
  } = {},
): TargetQuery {
  return {
    task: {
      id: 'build',
      labels: change.labels ?? [],
      assistant_hints: {
        preferred_roles: [],
        decision_kind_overrides: {},
        ask_when: [],
        ...change.hints,
      },
      interaction_policy: { allowed_assistant_roles: change.allowed ?? null, allow_human: true },
    },
    roles: Object.entries(roles).map(([id, policy]) => ({
      id,
      policy: {
        request_kinds: [],
        decision_kinds: [],
        task_labels_any: [],
        ask_when: [],
        ...policy,
      },
    })),
    requestKind: change.request ?? 'question',
    decisionKind: change.decision === undefined ? 'scope' : change.decision,
  };
}

const both = { request_kinds: ['question'], decision_kinds: ['scope'] } as Partial<RolePolicy>;
const decision = { decision_kinds: ['scope'] } as Partial<RolePolicy>;
const request = { request_kinds: ['question'] } as Partial<RolePolicy>;
const labels = { task_labels_any: ['ui', 'db'] };
const askWhen = { ask_when: ['stuck'] };

function ranked(given: TargetQuery): [string[], string | null] {
  const result = recommendRole(given);
  if (!result.ok) throw new Error(result.message);
  return [result.recommendation.ranked, result.recommendation.recommended];
}

describe('the order', () => {
  const change = { labels: ['db'], hints: { ask_when: ['stuck'], preferred_roles: ['g'] } };

  it('is: both kinds, decision, request, labels, ask_when, preferred, id', () => {
    const roles = { g: {}, f: {}, h: {}, e: askWhen, d: labels, c: request, b: decision, a: both };
    expect(ranked(query(roles, change))).toEqual([['a', 'b', 'c', 'd', 'e', 'g', 'f', 'h'], 'a']);
  });

  it.each([
    [
      'decision kind outweighs all below it',
      { a: decision, b: { ...request, ...labels, ...askWhen } },
    ],
    ['request kind outweighs labels and ask_when', { a: request, b: { ...labels, ...askWhen } }],
    ['labels outweigh ask_when', { a: labels, b: askWhen }],
    ['a lower criterion breaks a tie', { b: request, a: { ...request, ...labels } }],
  ])('%s', (_name, roles) => {
    const preferring = { ...change, hints: { ...change.hints, preferred_roles: ['b'] } };
    expect(ranked(query(roles, preferring))[1]).toBe('a');
  });

  it('prefers among equals, then goes by id', () => {
    const equal = { b: both, a: both, c: both };
    expect(ranked(query(equal))).toEqual([['a', 'b', 'c'], 'a']);
    expect(ranked(query(equal, { hints: { preferred_roles: ['c'] } }))[0]).toEqual(['c', 'a', 'b']);
  });

  it('recommends nobody who only is preferred', () => {
    expect(ranked(query({ a: {}, b: {} }, { hints: { preferred_roles: ['b'] } }))).toEqual([
      ['b', 'a'],
      null,
    ]);
    expect(ranked(query({ a: decision }, { decision: null }))[1]).toBeNull();
  });

  it('keeps to the roles that the task may ask', () => {
    expect(ranked(query({ a: both, b: request }, { allowed: ['b', 'ghost'] }))).toEqual([
      ['b'],
      'b',
    ]);
    expect(ranked(query({ a: both }, { allowed: [] }))).toEqual([[], null]);
  });
});

describe('an override', () => {
  const hints = { decision_kind_overrides: { scope: 'b' } };

  it('decides, for its decision kind', () => {
    expect(ranked(query({ a: both, b: {}, c: request }, { hints }))).toEqual([
      ['b', 'a', 'c'],
      'b',
    ]);
    expect(ranked(query({ a: both, b: {} }, { hints, decision: 'naming' }))[1]).toBe('a');
    expect(ranked(query({ a: both, b: {} }, { hints, decision: null }))[1]).toBe('a');
  });

  it('is an error where the role may not be asked, or does not exist', () => {
    const barred = recommendRole(query({ a: both, b: {} }, { hints, allowed: ['a'] }));
    expect(barred).toMatchObject({ ok: false, code: 'role-not-allowed' });
    const unknown = recommendRole(query({ a: both }, { hints }));
    expect(unknown).toMatchObject({ ok: false, code: 'role-unknown' });
  });

  it('does not stand in the way of a role that is named', () => {
    expect(resolveTarget(query({ a: both }, { hints }), 'a')).toMatchObject({
      ok: true,
      target: { resolved_target_role_id: 'a', recommended_target_role_id: null },
    });
  });
});

describe('the target', () => {
  it('is the one asked for, or else the recommended one', () => {
    expect(resolveTarget(query({ a: both, b: {} }), 'b')).toEqual({
      ok: true,
      target: {
        requested_target_role_id: 'b',
        recommended_target_role_id: 'a',
        resolved_target_role_id: 'b',
        target_resolution_reason: 'the worker asked for role b',
      },
    });
    expect(resolveTarget(query({ a: both, b: both }), null)).toEqual({
      ok: true,
      target: {
        requested_target_role_id: null,
        recommended_target_role_id: 'a',
        resolved_target_role_id: 'a',
        target_resolution_reason:
          'it takes scope decisions; it takes requests of kind question; the first by id among equals',
      },
    });
  });

  it('must be named where none fits', () => {
    expect(resolveTarget(query({ a: {}, b: {} }), null)).toEqual({
      ok: false,
      code: 'no-role',
      message: 'no role fits this question (question, scope); name one with --target-role: a, b',
    });
    expect(resolveTarget(query({}), null)).toMatchObject({
      message: 'task build has no assistant role that it may ask',
    });
    expect(resolveTarget(query({ a: {}, b: {} }, { allowed: ['a'] }), 'b')).toMatchObject({
      code: 'role-not-allowed',
      message: 'task build may not ask role b; it may ask a',
    });
  });
});
