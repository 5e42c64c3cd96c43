/** Since when a person has not seen what an instance did. */
import { expect, it } from 'vitest';
import { lastAnswered } from '../../../src/app/inbox/last-asked.ts';
import { ScriptedRun } from '../../core/scripted-run.ts';
import { task } from '../../support/make.ts';

it('is not yet when an answer came that the instance has not been given, for what else it asks', () => {
  const run = new ScriptedRun([task({ id: 'a' })]);
  const asking = run.running('a');
  const [first, second] = [run.ask(asking), run.ask(asking)];
  run.finish('a');
  run.reply(first);
  expect(lastAnswered(run.state, asking.instance_id, second)).toBeNull();
  expect(lastAnswered(run.state, asking.instance_id)).not.toBeNull();
  run.reply(second);
  run.resume();
  const third = run.ask(run.running('a'));
  expect(lastAnswered(run.state, asking.instance_id, third)).not.toBeNull();
});
