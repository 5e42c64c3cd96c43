/** Counts how often this process opens files, whoever does it. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

export interface FileOpens {
  /** Since the last time. */
  count(): number;
  stop(): void;
}

/** Of the files whose path ends so. */
export function countOpens(ending: string): FileOpens {
  const { openSync } = fs;
  let count = 0;
  fs.openSync = (...args: Parameters<typeof openSync>) => {
    if (String(args[0]).endsWith(ending)) count += 1;
    return openSync(...args);
  };
  syncBuiltinESMExports();
  return {
    count() {
      const counted = count;
      count = 0;
      return counted;
    },
    stop() {
      fs.openSync = openSync;
      syncBuiltinESMExports();
    },
  };
}
