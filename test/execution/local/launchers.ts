/** What forks attempts in tests: each launcher that this machine can have, and none. */
import { execFileSync } from 'node:child_process';
import type { LauncherProgram } from '../../../src/execution/local/launcher.ts';
import { nativeLauncher } from '../../../src/execution/local/native-launcher.ts';
import { shellLauncher } from '../../../src/execution/local/shell-launcher.ts';
import { temporaryDirectory } from './orders.ts';

const isLinux = process.platform === 'linux';

function native(): LauncherProgram | null {
  const script = `import { buildLauncher } from './scripts/build-launcher.mjs';
    console.log(buildLauncher(process.argv[1]) ?? '');`;
  const words = ['--input-type=module', '-e', script, temporaryDirectory('native-launcher')];
  const file = execFileSync(process.execPath, words, { encoding: 'utf8' }).trim();
  return file === '' ? null : nativeLauncher(file);
}

/** By name. Without a C compiler there is no native one. */
export const launchers: [string, LauncherProgram][] = !isLinux
  ? []
  : Object.entries({ native: native(), shell: shellLauncher() }).flatMap(([name, program]) =>
      program === null ? [] : [[name, program] as [string, LauncherProgram]],
    );
