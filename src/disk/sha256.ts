import { createHash, hash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** Lower-case hex SHA-256. */
export function sha256(data: string | Uint8Array): string {
  return hash('sha256', data, 'hex');
}

/** SHA-256 of a file of any size, in constant memory. */
export async function sha256OfFile(file: string): Promise<string> {
  const hashing = createHash('sha256');
  for await (const chunk of createReadStream(file)) hashing.update(chunk as Buffer);
  return hashing.digest('hex');
}
