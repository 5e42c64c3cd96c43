/** Sessions that are called by a UUID (RFC 9562, section 4). */
import { Refusal } from '../model/refusal.ts';
import { shown } from '../text/shown.ts';

export function isSessionUuid(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

/** For a command line, where anything else could be an option. @throws Refusal `session-invalid` */
export function assertSessionUuid(text: string): string {
  if (isSessionUuid(text)) return text;
  throw new Refusal('session-invalid', `${shown(text)} cannot be a session of the agent.`);
}
