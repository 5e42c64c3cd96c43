/** Asks a person questions on a terminal, line by line. Prompts go to standard error. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { CliContext } from '../context.ts';
import { makePaint, type Paint } from '../render/paint.ts';
import { plainLine } from '../../text/plain-text.ts';
import { visible } from '../render/visible.ts';

/** Thrown when the person ends the dialogue (Ctrl-C, Ctrl-D). */
export class DialogueEnded extends Error {}

export class Prompter {
  readonly paint: Paint;
  readonly #context: CliContext;
  readonly #ended = new AbortController();
  readonly #lines;

  constructor(context: CliContext) {
    this.#context = context;
    this.paint = makePaint(context.stderr.color);
    this.#lines = createInterface({
      input: context.stdin,
      output: asStream(context),
      terminal: true,
      historySize: 0,
    });
    this.#lines.on('close', () => this.#ended.abort());
  }

  say(line = ''): void {
    this.#context.stderr.line(line);
  }

  /** What was typed, trimmed; `''` for nothing. */
  async line(prompt: string): Promise<string> {
    if (this.#ended.signal.aborted) throw new DialogueEnded();
    try {
      return (
        await this.#lines.question(visible(prompt, this.#context.stderr.color), {
          signal: this.#ended.signal,
        })
      ).trim();
    } catch (error) {
      if (this.#ended.signal.aborted) throw new DialogueEnded();
      throw error;
    }
  }

  async yesOrNo(prompt: string, fallback: boolean): Promise<boolean> {
    for (;;) {
      const typed = (await this.line(`${prompt} [${fallback ? 'Y/n' : 'y/N'}] `)).toLowerCase();
      if (typed === '') return fallback;
      if (typed === 'y' || typed === 'yes') return true;
      if (typed === 'n' || typed === 'no') return false;
      this.say('  y or n');
    }
  }

  /** The index of one of the choices, or null for nothing where that may be left out. */
  async choice(
    prompt: string,
    choices: readonly string[],
    fallback: number | null,
    optional: boolean,
  ): Promise<number | null> {
    for (const [at, choice] of choices.entries()) {
      this.say(`  ${this.paint.bold(String(at + 1))}) ${plainLine(choice)}`);
    }
    for (;;) {
      const typed = await this.line(prompt);
      if (typed === '' && fallback !== null) return fallback;
      if (typed === '' && optional) return null;
      const byText = choices.indexOf(typed);
      if (byText >= 0) return byText;
      const number = /^\d+$/.test(typed) ? Number(typed) : 0;
      if (number >= 1 && number <= choices.length) return number - 1;
      this.say(`  a number from 1 to ${choices.length}`);
    }
  }

  close(): void {
    this.#lines.close();
  }
}

/** What readline needs of a terminal. */
function asStream({ stderr }: CliContext): Writable {
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      stderr.steer(chunk.toString('utf8'));
      done();
    },
  });
  return Object.defineProperty(stream, 'columns', { get: () => stderr.columns });
}
