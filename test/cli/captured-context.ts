/** A command line run in this process, with what it printed. */
import { gated } from '../../src/cli/render/visible.ts';
import { runCli } from '../../src/cli/cli.ts';
import { systemClock } from '../../src/engine/clock.ts';
import type { CliContext, Output } from '../../src/cli/context.ts';

export interface Captured {
  stdout: string;
  stderr: string;
  code: number;
}

export interface Settings {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Pretend that both outputs are a terminal this wide. */
  terminal?: { columns: number; rows: number };
  color?: boolean;
}

/** Runs one command line. What it throws is a defect, and is thrown. */
export async function captureCli(argv: string[], settings: Settings = {}): Promise<Captured> {
  const { context, captured } = capturedContext(settings);
  await runCli(argv, context);
  return captured;
}

export function capturedContext(settings: Settings = {}): {
  context: CliContext;
  captured: Captured;
} {
  const captured: Captured = { stdout: '', stderr: '', code: 0 };
  const output = (name: 'stdout' | 'stderr'): Output => ({
    ...gated((text) => void (captured[name] += text), {
      isTerminal: settings.terminal !== undefined,
      color: settings.color ?? false,
    }),
    isTerminal: settings.terminal !== undefined,
    color: settings.color ?? false,
    columns: settings.terminal?.columns ?? 80,
    rows: settings.terminal?.rows ?? 24,
    showCursor: () => undefined,
    onResize: () => () => undefined,
  });
  const context: CliContext = {
    stdout: output('stdout'),
    stderr: output('stderr'),
    stdin: process.stdin,
    env: settings.env ?? {},
    cwd: settings.cwd ?? process.cwd(),
    clock: systemClock,
    self: { node: process.execPath, entry: process.argv[1] ?? '' },
    pid: process.pid,
    isInForeground: () => true,
    exit(code) {
      captured.code = code;
    },
    onSignal: () => () => undefined,
    outliveOutput: () => () => undefined,
    onDefect: () => () => undefined,
  };
  return { context, captured };
}
