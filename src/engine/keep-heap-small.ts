import { setFlagsFromString } from 'node:v8';

/**
 * An engine lives for hours and has hardly anything to do, so it can afford to collect its garbage early.
 * V8 would let the heap grow to four times what is in use before it looked for what is not, and the space
 * for young objects to 32 MB or, from Node 24 on, 128. See docs/performance.md.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=10');
  setFlagsFromString('--semi-space-growth-factor=1');
}
