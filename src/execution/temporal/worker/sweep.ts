/** What a worker takes away by itself, so that its directory does not grow for ever. */
import path from 'node:path';
import { nowMs } from '../../local/stopwatch.ts';
import { forgetBases } from '../parcel/base-cache.ts';
import { forgetBefore, hostedPlaces } from './places.ts';

const KEEP_MS = 7 * 24 * 3_600_000;

/** Where the attempts of a worker lie, and what it keeps of repositories. */
export function partsOf(directory: string): { attempts: string; cache: string } {
  return { attempts: path.join(directory, 'attempts'), cache: path.join(directory, 'cache') };
}

/** What was done with, or used last, 7 days ago. What is at work, or not handed in, stays. */
export async function sweep(directory: string): Promise<void> {
  const { attempts, cache } = partsOf(directory);
  const before = nowMs() - KEEP_MS;
  await forgetBefore(attempts, before);
  const places = hostedPlaces(attempts).map(({ place }) => place);
  await forgetBases(cache, places, before);
}
