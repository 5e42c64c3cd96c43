/** Where everything lies in a depot: see docs/design/machines.md. Pure. */
import path from 'node:path';
import type { DepotSettings } from '../../../model/machines.ts';
import type { AttemptOrder } from '../../../model/attempt.ts';
import { Refusal } from '../../../model/refusal.ts';

/** What a worker's output is called there, as in a control directory. */
export const outputNames = ['events.jsonl', 'stderr.log'] as const;
export type OutputName = (typeof outputNames)[number];

/** Of one attempt, by generation. */
export interface AttemptPlaces {
  directory: string;
  manifest: string;
  orders: string;
  sign: string;
  output(name: OutputName): string;
  questions: string;
  checkpoint: string;
  end: string;
  /** What the worker has left, by hash; what it is given lies in `blobsOf`. */
  blobs: string;
}

/** Absolute. `runDir`: `.runs/<run-id>`. */
export function depotRoot({ directory }: DepotSettings, runDir: string): string {
  return directory ?? path.join(runDir, 'depot');
}

/** `<run>/<instance>/<attempt>.<generation>` of an order. */
export function placementId({ remote, generation }: AttemptOrder): string {
  if (remote === undefined) throw new TypeError('an order of this machine goes to no depot');
  return `${remote.id}.${generation}`;
}

/** Run, instance, attempt and generation in names that no directory can leave by. */
const ID = /^[\w.~-]+\/[\w.~-]+\/\d+\.\d+$/;

export function isPlacementId(id: string): boolean {
  return ID.test(id) && id.length <= 500 && !id.split('/').some((part) => /^\.+$/.test(part));
}

/** @throws Refusal `depot-id` for what is no id: it comes from others */
export function attemptPlaces(root: string, id: string): AttemptPlaces {
  if (!isPlacementId(id)) {
    throw new Refusal('depot-id', `${JSON.stringify(id.slice(0, 200))} is no id of an attempt.`);
  }
  const directory = path.join(root, id.replaceAll('/', '+'));
  const under = (name: string): string => path.join(directory, name);
  return {
    directory,
    manifest: under('manifest.json'),
    orders: under('orders.json'),
    sign: under('sign.json'),
    output: (name) => path.join(directory, 'output', name),
    questions: under('questions'),
    checkpoint: under('checkpoint.json'),
    end: under('end.json'),
    blobs: under('blobs'),
  };
}

/** What attempts are given, by hash, beside all of them. */
export function blobsOf(root: string): string {
  return path.join(root, 'blobs');
}
