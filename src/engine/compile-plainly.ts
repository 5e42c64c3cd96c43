import { setFlagsFromString } from 'node:v8';

/**
 * A command that reads a long log and ends has use for its code for a second or two. V8's optimising compiler would
 * compile what a function calls once more into each of its callers, and throw much of that away when the next kind of
 * event comes. Without that it takes a third of the time (docs/performance.md). Not for a process that goes on.
 */
export function compilePlainly(): void {
  setFlagsFromString('--no-turbo-inlining');
}
