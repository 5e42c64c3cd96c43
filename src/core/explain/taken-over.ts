/** What is said of an instance in whose task another agent's place was taken. */
import type { Instance } from '../../model/run.ts';
import { beginning } from '../../text/width.ts';

/** Which agents gave up, and who took over; to follow what is said of it. */
export function takenOver({ agent, given_up: gaveUp = [] }: Instance): string {
  if (agent === undefined) return '';
  const before = gaveUp.map(({ agent: name, error }) => `${name} (${beginning(error, 160)})`);
  return `; ${agent} has taken over from ${before.join(', ')}`;
}
