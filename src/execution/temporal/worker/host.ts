/** The name of a worker's directory, drawn once: two hosts never share one, whatever their machines are called. */
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { createFile, makeDirectory } from '../../../disk/disk.ts';
import { readForeignText } from '../../../disk/foreign-file.ts';
import { Refusal } from '../../../model/refusal.ts';

/** `machine`: its name, for people, who see the host's. @throws Refusal where the name cannot be read */
export function hostOf(directory: string, machine: string): string {
  makeDirectory(directory);
  const file = path.join(directory, 'host');
  const readable = machine.replaceAll(/[^\w.-]/g, '-').slice(0, 60);
  createFile(file, `${readable}-${randomBytes(6).toString('hex')}\n`, { durable: true });
  const read = readForeignText(file, { maxBytes: 200 });
  const host = read.ok ? read.text.trim() : '';
  if (/^[\w.-]+$/.test(host)) return host;
  const reason = read.ok ? 'it holds no name' : read.reason;
  throw new Refusal('worker-host', `${file}, the name of this worker, cannot be used: ${reason}.`);
}
