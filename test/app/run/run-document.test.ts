/** `run show` says where an attempt is that another machine carries out. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runDocument } from '../../../src/app/run/run-document.ts';
import { replay } from '../../../src/core/events/evolve.ts';
import { runPaths } from '../../../src/store/layout.ts';
import { sampleEvents, temporaryProgram } from '../../store/sample-run.ts';

const RUN = '20260102030405-0123abcd';
const where = {
  ...{ kind: 'remote', queue: 'gpu', host: 'far', state: 'unreachable' },
  since: '2026-01-02T03:04:08.000Z',
};

let program: { dir: string; remove: () => void };
beforeEach(() => (program = temporaryProgram()));
afterEach(() => program.remove());

/** Of a run whose first attempt is at work, and has that `runtime.json`. */
function shown(executor: 'temporal' | undefined): object | undefined {
  const { events, asker } = sampleEvents(RUN);
  const begun = events.findIndex(({ event_type: type }) => type === 'attempt_started') + 1;
  const state = replay(events.slice(0, begun))!;
  if (executor !== undefined) state.plan.project.executor = executor;
  const [file = ''] = runPaths(program.dir, RUN).shownFile(asker, 1, 'runtime.json');
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify({ where }));
  return runDocument(program.dir, state).instances[asker];
}

it('with its queue, its host, and since when it is out of reach', () => {
  expect(shown('temporal')).toMatchObject({ status: 'running', where });
});

it('and nothing of one that stays here', () => {
  expect(shown(undefined)).toMatchObject({ status: 'running' });
  expect(shown(undefined)).not.toHaveProperty('where');
});
