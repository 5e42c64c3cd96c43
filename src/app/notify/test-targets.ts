/** `notify test`: tells everybody once, and says how that went. */
import { Refusal } from '../../model/refusal.ts';
import { globalRootFrom } from '../../program/global-config.ts';
import { validate } from '../program/validate.ts';
import type { World } from '../world.ts';
import type { Notification } from './message.ts';
import { rulesFor } from './rules.ts';
import { send, targetName } from './send.ts';

export interface TestedTarget {
  target: string;
  /** null: it was taken. */
  problem: string | null;
}

/** @throws Refusal `program-invalid` where project.yaml cannot be used */
export async function testTargets(world: World, programDir: string): Promise<TestedTarget[]> {
  const globalRoot = globalRootFrom(world.env, world.cwd);
  const { program, report } = await validate({ programDir, globalRoot });
  const broken = report.errors.find(({ location }) => location.startsWith('project'));
  if (broken) throw new Refusal('program-invalid', `project.yaml: ${broken.message}.`);
  const rules = await rulesFor(world, program.project.notify);
  const targets = new Map(rules.map(({ to }) => [JSON.stringify(to), to]));
  const test: Notification = {
    ...{ kind: 'test', title: `${program.project.name}: a test`, text: 'This is only a test.' },
    ...{ program: program.project.name, program_dir: programDir, run_id: '', instance_id: null },
    ...{ task_id: null, interrupt_id: null, options: [], command: 'codex-orch notify test' },
    ...{ at: world.clock.now(), seq: 0 },
  };
  return Promise.all(
    [...targets.values()].map(async (to) => ({
      target: targetName(to),
      problem: await send(to, test, { env: world.env, cwd: programDir }),
    })),
  );
}
