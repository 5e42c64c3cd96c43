/** Section 6 of the contract: what a controller may say, and what its author is told of anything else. */
import { describe, expect, it } from 'vitest';
import { parseControl } from '../../../src/core/judge/control.ts';
import type { Json, JsonObject } from '../../../src/model/json.ts';
import type { ControlSpec } from '../../../src/model/program.ts';
import { loop, route } from '../../support/make.ts';

const router = route({
  accept: ['summary'],
  revise: ['revision'],
  widen: ['scope'],
}) as ControlSpec;
const looper = loop(['attempt'], ['summary']) as ControlSpec;

it('takes what a strict output schema leaves: every key, those of the other kind with nothing in them', () => {
  const none = { ok: true, control: { kind: 'route', labels: [] } };
  const ofRoute: JsonObject[] = [
    {},
    { labels: null },
    { labels: [], action: null, next_inputs: {} },
    { labels: [], action: null, next_inputs: null },
  ];
  for (const rest of ofRoute) {
    expect(parseControl(router, { control: { kind: 'route', ...rest } })).toEqual(none);
  }
  const ofStop: JsonObject[] = [
    { labels: [] },
    { labels: null, next_inputs: null },
    { next_inputs: {} },
  ];
  for (const rest of ofStop) {
    expect(parseControl(looper, { control: { kind: 'loop', action: 'stop', ...rest } })).toEqual({
      ok: true,
      control: { kind: 'loop', action: 'stop' },
    });
  }
  const again = { kind: 'loop', action: 'continue', next_inputs: { a: 1 } };
  expect(parseControl(looper, { control: { ...again, labels: [] } })).toEqual({
    ok: true,
    control: again,
  });
});

describe('a route', () => {
  it.each<[string, Json, string[]]>([
    ['one label', ['revise'], ['revise']],
    ['several labels', ['widen', 'accept'], ['widen', 'accept']],
    ['no label', [], []],
    ['a label named twice, once', ['accept', 'accept'], ['accept']],
  ])('takes %s', (_name, labels, chosen) => {
    const result = { control: { kind: 'route', labels }, score: 3 };
    expect(parseControl(router, result)).toEqual({
      ok: true,
      control: { kind: 'route', labels: chosen },
    });
  });

  it.each<[string, Json | undefined, RegExp]>([
    ['no result', undefined, /must leave a result\.json with a "control" object.*there is none/],
    ['a result that is a list', [], /must be an object with "control"; it is a list/],
    ['a result that is null', null, /must be an object with "control"; it is null/],
    ['a result that is a string', 'accept', /must be an object with "control"; it is a string/],
    ['no control', { labels: ['accept'] }, /result\.json has no "control"/],
    [
      'a control that is a string',
      { control: 'accept' },
      /"control" must be an object; it is a string/,
    ],
    ['no kind', { control: { labels: [] } }, /control\.kind must be "route".*there is none/],
    [
      'the wrong kind',
      { control: { kind: 'loop', action: 'stop' } },
      /control\.kind must be "route" for this controller; it is "loop"/,
    ],
    [
      'labels that are a string',
      { control: { kind: 'route', labels: 'accept' } },
      /control\.labels must be a list of labels.*it is a string/,
    ],
    [
      'a label that is no string',
      { control: { kind: 'route', labels: ['accept', 2] } },
      /control\.labels\[1\] must be a string; it is a number/,
    ],
    [
      'a mistyped label',
      { control: { kind: 'route', labels: ['acept'] } },
      /control\.labels\[0\] is "acept".*declared: "accept", "revise", "widen"\. Did you mean "accept"\?/,
    ],
    [
      'another key',
      { control: { kind: 'route', labels: [], reason: 'x' } },
      /unknown key "reason"; allowed here: kind, labels/,
    ],
    [
      "a loop's key with a value",
      { control: { kind: 'route', labels: [], next_inputs: { a: 1 } } },
      /unknown key "next_inputs"/,
    ],
  ])('refuses %s', (_name, result, message) => {
    const parsed = parseControl(router, result);
    expect(parsed).toEqual({ ok: false, message: expect.stringMatching(message) as string });
  });
});

describe('a loop', () => {
  it.each<[string, Json, Json]>([
    [
      'continue with any JSON values',
      { kind: 'loop', action: 'continue', next_inputs: { n: 1, list: [null, { a: 'b' }] } },
      { kind: 'loop', action: 'continue', next_inputs: { n: 1, list: [null, { a: 'b' }] } },
    ],
    ['stop', { kind: 'loop', action: 'stop' }, { kind: 'loop', action: 'stop' }],
    [
      'stop with inputs that are empty',
      { kind: 'loop', action: 'stop', next_inputs: {} },
      { kind: 'loop', action: 'stop' },
    ],
  ])('takes %s', (_name, control, expected) => {
    expect(parseControl(looper, { control })).toEqual({ ok: true, control: expected });
  });

  it.each<[string, Json, RegExp]>([
    ['no action', { kind: 'loop' }, /control\.action must be "continue" or "stop"; there is none/],
    ['another action', { kind: 'loop', action: 'again' }, /"continue" or "stop"; it is "again"/],
    [
      'continue without inputs',
      { kind: 'loop', action: 'continue' },
      /"continue" needs at least one input in control\.next_inputs/,
    ],
    [
      'continue with empty inputs',
      { kind: 'loop', action: 'continue', next_inputs: {} },
      /"continue" needs at least one input/,
    ],
    [
      'inputs that are a list',
      { kind: 'loop', action: 'continue', next_inputs: ['a'] },
      /control\.next_inputs must be an object; it is a list/,
    ],
    [
      'inputs that are null',
      { kind: 'loop', action: 'continue', next_inputs: null },
      /"continue" needs at least one input/,
    ],
    [
      'a blank key',
      { kind: 'loop', action: 'continue', next_inputs: { ' ': 1 } },
      /control\.next_inputs has a blank key/,
    ],
    [
      'stop with inputs',
      { kind: 'loop', action: 'stop', next_inputs: { a: 1, b: 2 } },
      /"stop" takes no control\.next_inputs; found "a", "b"/,
    ],
    [
      'another key',
      { kind: 'loop', action: 'stop', labels: ['a'] },
      /unknown key "labels"; allowed here: kind, action, next_inputs/,
    ],
    [
      'the wrong kind',
      { kind: 'route', labels: [] },
      /control\.kind must be "loop".*it is "route"/,
    ],
  ])('refuses %s', (_name, control, message) => {
    const parsed = parseControl(looper, { control });
    expect(parsed).toEqual({ ok: false, message: expect.stringMatching(message) as string });
  });
});

it('an example in a message would itself be accepted', () => {
  for (const spec of [router, looper]) {
    const parsed = parseControl(spec, undefined);
    const example = parsed.ok ? '' : /for example, (\{.*\})\.$/.exec(parsed.message)?.[1];
    expect(parseControl(spec, JSON.parse(example ?? 'null') as Json).ok).toBe(true);
  }
});
