/** Opens what an agent printed. The agent can write to the directory: what lies there need be no file. */
import { openForeign } from '../../disk/foreign-file.ts';

/** A descriptor for reading; null where there is no such file. A link is not followed, a pipe not waited for. */
export function openOutput(file: string): number | null {
  const opened = openForeign(file);
  return opened.ok ? opened.fd : null;
}
