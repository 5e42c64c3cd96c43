/**
 * What Ctrl-C does to a run that is driven here, section 11 of the contract. On a terminal the first asks whether
 * to leave the agents at work, stop them or go on; a second stops them, a third kills. Elsewhere the first stops.
 */
import type { Drive } from '../../app/run/drive.ts';
import type { CliContext } from '../context.ts';
import type { RunProgress } from './progress.ts';

/** What was decided beforehand, with `--on-interrupt`. */
export const interruptions = ['detach', 'stop'] as const;
export type Interruption = (typeof interruptions)[number];

const QUESTION = '[d]etach: leave the agents at work, [s]top them, [g]o on? (Ctrl-C again stops)';
const CTRL_C = '\u0003';

/** Takes the signals of this process until the returned function is called. */
export function takeInterrupts(
  drive: Pick<Drive, 'stop' | 'leave'>,
  progress: Pick<RunProgress, 'note'>,
  decided: Interruption | null,
  context: CliContext,
): () => void {
  let step: 'driving' | 'asking' | 'stopping' | 'over' = 'driving';
  let endQuestion = (): void => undefined;
  const leave = (): void => {
    step = 'over';
    drive.leave();
    progress.note('leaving the agents at work');
  };
  const stop = (byKeyboard: boolean): void => {
    step = 'stopping';
    drive.stop('graceful');
    progress.note(`stopping agents${byKeyboard ? '; press Ctrl-C again to stop at once' : ''}`);
  };
  const kill = (): void => {
    step = 'over';
    drive.stop('now');
    progress.note('stopping agents at once');
  };
  const ask = (): void => {
    step = 'asking';
    progress.note(QUESTION);
    endQuestion = onKey(context.stdin, (key) => {
      if (key === CTRL_C || key === 's') taken(() => stop(true));
      else if (key === 'd') taken(leave);
      else if (key === 'g' || key === '\u001b') {
        taken(() => {
          step = 'driving';
          progress.note(null);
        });
      }
    });
  };
  const taken = (then: () => void): void => {
    endQuestion();
    endQuestion = () => undefined;
    then();
  };
  const endSignals = context.onSignal((signal) => {
    const byKeyboard = signal === 'SIGINT';
    if (step === 'stopping') kill();
    else if (step === 'asking') taken(() => stop(byKeyboard));
    else if (step === 'driving') {
      if (decided === 'detach') leave();
      else if (decided === null && byKeyboard && canAsk(context)) ask();
      else stop(byKeyboard);
    }
  });
  return () => {
    endQuestion();
    endSignals();
  };
}

/** A process in the background would be halted for reading from the terminal. */
function canAsk({ stdin, stderr, isInForeground }: CliContext): boolean {
  return stderr.isTerminal && stdin.isTTY === true && isInForeground();
}

/** Hands on each key; those that mean a signal come as keys too. Returns what ends that. */
function onKey(stdin: NodeJS.ReadStream, listener: (key: string) => void): () => void {
  const onData = (data: Buffer | string): void => {
    for (const key of data.toString()) listener(key.toLowerCase());
  };
  stdin.setRawMode(true);
  stdin.on('data', onData);
  stdin.ref();
  stdin.resume();
  return () => {
    stdin.off('data', onData);
    stdin.pause();
    stdin.setRawMode(false);
    stdin.unref();
  };
}
