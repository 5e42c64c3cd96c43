/**
 * One phase of an attempt's way through a depot, to be killed at any step: built with the faults of
 * src/disk/fault-point.ts. Arguments: phase, file with what it works on.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DepotDelivery } from '../../../src/execution/temporal/depot/delivery.ts';
import { DepotDispatch } from '../../../src/execution/temporal/depot/dispatch.ts';
import type { Placement } from '../../../src/execution/temporal/protocol.ts';
import type { AttemptEnd, AttemptOrder } from '../../../src/model/attempt.ts';

export interface Steps {
  order: AttemptOrder;
  depot: { directory: string; listen: null; url: null };
  globalRoot: string;
  host: string;
  place: string;
}

const [phase = '', file = ''] = process.argv.slice(2);
const { order, depot, globalRoot, host, place } = JSON.parse(readFileSync(file, 'utf8')) as Steps;
const { env } = process;
const dispatch = new DepotDispatch({ depot, globalRoot, env, fenceMs: 1000 });

const end: AttemptEnd = {
  ...{ termination_reason: 'completed', return_code: 0, failure_kind: null },
  ...{ failure_summary: null, resume_recommended: false, session_id: null, usage: null },
  ...{ final_message: null, started_at: order.startedAt, finished_at: order.startedAt },
  session_lost: false,
};

function deliveryOf(placement: Placement): DepotDelivery {
  const at = (name: string): string => path.join(host, name);
  const options = { env, cacheDir: at('cache'), commandDir: at('bin'), insecure: false };
  return new DepotDelivery(placement, options);
}

async function placed(): Promise<Placement> {
  const placement = await dispatch.given(order);
  if (placement === null) throw new Error('it was not given');
  return placement;
}

switch (phase) {
  case 'give':
    await dispatch.give(order);
    break;
  case 'lay-out':
    await deliveryOf(await placed()).layOut(place);
    break;
  case 'work': {
    const there = await deliveryOf(await placed()).layOut(place);
    writeFileSync(path.join(there.cwd, 'made.txt'), 'made\n');
    writeFileSync(path.join(there.attemptDir, 'left.txt'), 'left\n');
    writeFileSync(path.join(there.controlDir, 'events.jsonl'), 'printed\n'.repeat(1000));
    break;
  }
  case 'hand-in': {
    const delivery = deliveryOf(await placed());
    await delivery.handInEnd(await delivery.layOut(place), end);
    break;
  }
  case 'take-in':
    await dispatch.takeIn(order);
    break;
  case 'close':
    await dispatch.close(order);
    break;
  default:
    throw new Error(`there is no phase ${phase}`);
}
