/** Section 6 of the contract: what a controller's `result.json` may say, and what is wrong with it. */
import { stringifyJson, isJsonObject, type Json, type JsonObject } from '../../model/json.ts';
import type { ControlSpec } from '../../model/program.ts';
import { suggest } from '../../text/suggest.ts';
import { kindOfValue } from '../../text/shown.ts';

export type Control =
  | { kind: 'route'; labels: string[] }
  | { kind: 'loop'; action: 'continue'; next_inputs: JsonObject }
  | { kind: 'loop'; action: 'stop' };

export type ParsedControl = { ok: true; control: Control } | { ok: false; message: string };

/** Reads `control` out of a controller's result; `result` is undefined where there is none. */
export function parseControl(spec: ControlSpec, result: Json | undefined): ParsedControl {
  if (result === undefined) {
    return refuse(
      `a controller must leave a result.json with a "control" object, or end with a message that is that JSON; there is none. ${expected(spec)}`,
    );
  }
  if (!isJsonObject(result)) {
    return refuse(
      `result.json must be an object with "control"; it is ${kindOfValue(result)}. ${expected(spec)}`,
    );
  }
  const control = result['control'];
  if (control === undefined) return refuse(`result.json has no "control". ${expected(spec)}`);
  if (!isJsonObject(control)) {
    return refuse(
      `result.json: "control" must be an object; it is ${kindOfValue(control)}. ${expected(spec)}`,
    );
  }
  if (control['kind'] !== spec.mode) {
    const found =
      control['kind'] === undefined ? 'there is none' : `it is ${show(control['kind'])}`;
    return refuse(
      `result.json: control.kind must be "${spec.mode}" for this controller; ${found}. ${expected(spec)}`,
    );
  }
  return spec.mode === 'route' ? parseRoute(spec, control) : parseLoop(spec, control);
}

function parseRoute(spec: ControlSpec & { mode: 'route' }, control: JsonObject): ParsedControl {
  const unknown = unknownKey(control, ['kind', 'labels'], ['action', 'next_inputs']);
  if (unknown) return refuse(`${unknown} ${expected(spec)}`);
  // None, and null, choose nothing, as an empty list does.
  const labels = control['labels'] ?? [];
  if (!Array.isArray(labels)) {
    return refuse(
      `result.json: control.labels must be a list of labels (an empty list chooses nothing); it is ${kindOfValue(labels)}. ${expected(spec)}`,
    );
  }
  const declared = spec.routes.map((route) => route.label);
  for (const [index, label] of labels.entries()) {
    if (typeof label !== 'string') {
      return refuse(
        `result.json: control.labels[${index}] must be a string; it is ${kindOfValue(label)}.`,
      );
    }
    if (!declared.includes(label)) {
      const near = suggest(label, declared);
      const hint = near === null ? '' : ` Did you mean ${show(near)}?`;
      return refuse(
        `result.json: control.labels[${index}] is ${show(label)}, which is no route of this controller; declared: ${declared.map(show).join(', ')}.${hint}`,
      );
    }
  }
  return { ok: true, control: { kind: 'route', labels: [...new Set(labels as string[])] } };
}

function parseLoop(spec: ControlSpec & { mode: 'loop' }, control: JsonObject): ParsedControl {
  const unknown = unknownKey(control, ['kind', 'action', 'next_inputs'], ['labels']);
  if (unknown) return refuse(`${unknown} ${expected(spec)}`);
  const { action } = control;
  const inputs = control['next_inputs'] ?? {};
  if (!isJsonObject(inputs)) {
    return refuse(
      `result.json: control.next_inputs must be an object; it is ${kindOfValue(inputs)}.`,
    );
  }
  const keys = Object.keys(inputs);
  const blank = keys.find((key) => key.trim() === '');
  if (blank !== undefined) return refuse('result.json: control.next_inputs has a blank key.');
  if (action === 'continue') {
    if (keys.length === 0) {
      return refuse(
        `result.json: control.action "continue" needs at least one input in control.next_inputs. ${expected(spec)}`,
      );
    }
    return { ok: true, control: { kind: 'loop', action, next_inputs: inputs } };
  }
  if (action === 'stop') {
    if (keys.length > 0) {
      return refuse(
        `result.json: control.action "stop" takes no control.next_inputs; found ${keys.map(show).join(', ')}.`,
      );
    }
    return { ok: true, control: { kind: 'loop', action } };
  }
  return refuse(
    `result.json: control.action must be "continue" or "stop"; ${action === undefined ? 'there is none' : `it is ${show(action)}`}. ${expected(spec)}`,
  );
}

/** `others`: keys of the other kind, which a strict output schema leaves there with nothing in them. */
function unknownKey(
  control: JsonObject,
  allowed: readonly string[],
  others: readonly string[],
): string | null {
  const key = Object.entries(control).find(
    ([name, value]) => !allowed.includes(name) && !(others.includes(name) && isNothing(value)),
  )?.[0];
  if (key === undefined) return null;
  return `result.json: control has an unknown key ${show(key)}; allowed here: ${allowed.join(', ')}.`;
}

function isNothing(value: Json): boolean {
  if (value === null || value === '') return true;
  return Array.isArray(value)
    ? value.length === 0
    : isJsonObject(value) && Object.keys(value).length === 0;
}

/** One example that would be accepted, for the message. */
function expected(spec: ControlSpec): string {
  const example =
    spec.mode === 'route'
      ? { control: { kind: 'route', labels: [spec.routes[0]?.label ?? ''] } }
      : { control: { kind: 'loop', action: 'stop' } };
  return `Expected, for example, ${stringifyJson(example)}.`;
}

function show(value: Json | undefined): string {
  return stringifyJson(value) ?? 'nothing';
}

function refuse(message: string): ParsedControl {
  return { ok: false, message };
}
