/** `run start --like`: what another run was started for, and with which inputs. */
import type { StartOptions } from './start.ts';
import { readRun } from './inspect-run.ts';
import { stringifyJson } from '../../model/json.ts';

/**
 * The same roots, labels and inputs, apart from what is asked for now: roots or labels replace those of the run, an
 * input the one of its name. @throws Refusal `run-not-found`
 */
export function startLike(programDir: string, run: string, wanted: StartOptions): StartOptions {
  const { plan } = readRun(programDir, run).state;
  const isOther = wanted.roots.length > 0 || wanted.labels.length > 0;
  const given = new Set(wanted.inputs.map(({ key }) => key));
  const inputs = Object.entries(plan.user_inputs)
    .filter(([key]) => !given.has(key))
    .map(([key, value]) => ({ kind: 'json' as const, key, value: stringifyJson(value) }));
  return {
    ...wanted,
    ...(isOther ? {} : { roots: plan.roots, labels: plan.labels }),
    inputs: [...inputs, ...wanted.inputs],
  };
}
