/** A list of runs that is kept up to date on a terminal until the person has had enough. */
import type { CliContext } from '../context.ts';
import { openScreen } from '../render/screen.ts';

const REDRAW_MS = 1000;

/** `lines`: the list as it is now. What does not fit the height is counted; the newest stand above. */
export function watchRuns(context: CliContext, lines: () => string[]): Promise<void> {
  const { stdout } = context;
  const screen = openScreen(stdout);
  const draw = (): void => {
    const all = lines();
    const height = Math.max(2, stdout.rows - 1);
    const cut =
      all.length > height
        ? [...all.slice(0, height - 1), `… ${all.length - height + 1} more`]
        : all;
    screen.draw(cut);
  };
  draw();
  const ticking = setInterval(draw, REDRAW_MS);
  const endResize = stdout.onResize(draw);
  return new Promise((resolve) => {
    const endSignals = context.onSignal(() => {
      clearInterval(ticking);
      endResize();
      endSignals();
      screen.close(true);
      resolve();
    });
  });
}
