/**
 * The program: argv → command line. The only file that touches the process: its streams, its signals, its exit
 * status. `start.ts` loads it.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { runCli } from './cli/cli.ts';
import { keptTexts } from './program/source/parsed-texts.ts';
import { systemClock } from './engine/clock.ts';
import type { CliContext, Output } from './cli/context.ts';
import { gated, visible } from './cli/render/visible.ts';

declare const CODEX_ORCH_VERSION: string;
/** A hash of what was built. */
declare const CODEX_ORCH_BUILD: string;

const DEFECT = 70;
const FAILED = 1;
const SHOW_CURSOR = '\u001b[?25h';
const HIDE_CURSOR = '\u001b[?25l';

const argv = process.argv.slice(2);
/** How many things go on whatever becomes of standard output. */
let deaf = 0;
let hasOutputFailed = false;
const defectListeners = new Set<(error: unknown) => void>();
process.on('uncaughtException', takeDefect);
process.on('unhandledRejection', takeDefect);
tolerateClosedStreams();
// Nothing is left to do, nor to be written: without taking down, object by object, what goes with the process.
process.once('beforeExit', () => process.exit());
runCli(argv, makeContext()).catch(reportDefect);

function makeContext(): CliContext {
  return {
    stdout: makeOutput(process.stdout),
    stderr: makeOutput(process.stderr),
    get stdin() {
      return process.stdin;
    },
    env: process.env,
    cwd: currentDirectory(),
    clock: systemClock,
    texts: (programDir) => keptTexts(cacheHome(), programDir, CODEX_ORCH_BUILD),
    self: { node: process.execPath, entry: process.argv[1] ?? '' },
    onWait(what) {
      process.stderr.write(`${visible(what, false)}\n`);
    },
    pid: process.pid,
    isInForeground,
    exit(code) {
      process.exitCode = code;
    },
    outliveOutput() {
      deaf += 1;
      return () => void (deaf -= 1);
    },
    onDefect(listener) {
      defectListeners.add(listener);
      return () => defectListeners.delete(listener);
    },
    onSignal(listener) {
      const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
      for (const signal of signals) process.on(signal, listener);
      return () => {
        for (const signal of signals) process.off(signal, listener);
      };
    },
  };
}

/** https://specifications.freedesktop.org/basedir-spec */
function cacheHome(): string {
  const { XDG_CACHE_HOME: given = '', HOME: home = '/' } = process.env;
  return path.isAbsolute(given) ? given : path.join(home, '.cache');
}

function currentDirectory(): string {
  try {
    return process.cwd();
  } catch {
    process.stderr.write(
      'error: the current directory does not exist any more\nhint: change to one that does\n',
    );
    process.exit(2);
  }
}

/** Linux tells in /proc/self/stat, proc(5): after the name, state, ppid, pgrp, session, tty, tpgid. Elsewhere: yes. */
function isInForeground(): boolean {
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1');
    const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return group === foreground;
  } catch {
    return true;
  }
}

function makeOutput(stream: NodeJS.WriteStream): Output {
  const isTerminal = stream.isTTY === true;
  const color = wantsColor(isTerminal);
  let cursorHidden = false;
  return {
    ...gated((text) => void stream.write(text), { isTerminal, color }),
    isTerminal,
    color,
    get columns() {
      return stream.columns > 0 ? stream.columns : 80;
    },
    get rows() {
      return stream.rows > 0 ? stream.rows : 24;
    },
    showCursor(visible) {
      if (!isTerminal || visible !== cursorHidden) return;
      cursorHidden = !visible;
      stream.write(visible ? SHOW_CURSOR : HIDE_CURSOR);
      if (visible) return;
      process.once('exit', () => {
        if (cursorHidden) stream.write(SHOW_CURSOR);
      });
    },
    onResize(listener) {
      stream.on('resize', listener);
      process.on('SIGCONT', listener);
      return () => {
        stream.off('resize', listener);
        process.off('SIGCONT', listener);
      };
    },
  };
}

/** https://no-color.org, and FORCE_COLOR as Node itself reads it. */
function wantsColor(isTerminal: boolean): boolean {
  if ((process.env['NO_COLOR'] ?? '') !== '') return false;
  const forced = process.env['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return isTerminal && process.env['TERM'] !== 'dumb';
}

/**
 * A reader of standard output that went away (`| head`) ends the program without a word, a full disk with one,
 * unless something goes on that matters more than what is said of it (`outliveOutput`). Standard error
 * may go away (a closed terminal) while a run goes on: what is written there is then dropped.
 */
function tolerateClosedStreams(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' && deaf === 0) process.exit();
    if (error.code === 'EPIPE' || error.code === 'EIO') return;
    if (!hasOutputFailed) {
      process.stderr.write(`error: standard output cannot be written to: ${error.message}\n`);
      process.once('exit', () => (process.exitCode ||= FAILED));
    }
    hasOutputFailed = true;
    if (deaf === 0) process.exit(FAILED);
  });
  process.stderr.on('error', () => undefined);
}

function takeDefect(error: unknown): void {
  if (defectListeners.size === 0) reportDefect(error);
  for (const listener of defectListeners) listener(error);
}

/** Whatever arrives here was not foreseen: a defect of ours. */
function reportDefect(error: unknown): never {
  const message = error instanceof Error ? error.message : String(error);
  const firstLine = message.split('\n', 1)[0] ?? '';
  process.stderr.write(
    `error: a defect in codex-orch ${CODEX_ORCH_VERSION} (Node ${process.version}): ${visible(firstLine, false)}\n`,
  );
  if (process.env['CODEX_ORCH_DEBUG'] === '1') {
    const told = error instanceof Error ? (error.stack ?? message) : message;
    process.stderr.write(`${visible(told, false)}\n`);
  } else {
    process.stderr.write(
      'hint: run it again with CODEX_ORCH_DEBUG=1 and report what it prints, with the command, to the maintainers\n',
    );
  }
  process.exit(DEFECT);
}
