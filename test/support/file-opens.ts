/** Counts how often this process opens files, or does else by their path, whoever does it. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

export interface FileOpens {
  /** Since the last time. */
  count(): number;
  stop(): void;
}

type Call = 'openSync' | 'lstatSync' | 'readdirSync';

/** Of the files whose path ends so; all that `calls` names, together. */
export function countOpens(ending: string, calls: readonly Call[] = ['openSync']): FileOpens {
  const before = calls.map((call) => [call, fs[call]] as const);
  let count = 0;
  for (const [call, made] of before) {
    const counting = (...args: unknown[]): unknown => {
      if (String(args[0]).endsWith(ending)) count += 1;
      return (made as (...args: unknown[]) => unknown)(...args);
    };
    Object.assign(fs, { [call]: counting });
  }
  syncBuiltinESMExports();
  return {
    count() {
      const counted = count;
      count = 0;
      return counted;
    },
    stop() {
      Object.assign(fs, Object.fromEntries(before));
      syncBuiltinESMExports();
    },
  };
}
