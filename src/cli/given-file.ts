/** FILE, as a command line names it. */
import type { CliContext } from './context.ts';

/** Text of FILE, relative to the working directory; `-` is standard input. @throws Refusal `file-unreadable` */
export async function readGivenFile(file: string, context: CliContext): Promise<string> {
  if (file === '-') return readAll(context.stdin);
  const { readGivenText } = await import('../app/program/given-text.ts');
  return readGivenText(file, context.cwd);
}

async function readAll(stream: NodeJS.ReadStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString('utf8');
}
