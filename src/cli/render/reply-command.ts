/** The command that answers a question and goes on with the run. */
import type { Interrupt } from '../../model/run.ts';

/** `program`: how command lines name it; empty, or the directory with a blank after it. */
export function replyCommand(interrupt: Interrupt, program: string): string {
  // Without --text it asks for each field, which a reply schema calls for.
  const hasForm = interrupt.reply_schema !== null && interrupt.subject === undefined;
  const words = hasForm ? '--resume' : "--text '…' --resume";
  return `codex-orch inbox reply ${program}${interrupt.interrupt_id} ${words}`;
}
