/**
 * Golden files: what the program does today, kept as text, so that a change which means to change nothing
 * can show that it did. GOLDEN_WRITE=1 writes them anew instead of comparing; look at the difference then.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';

const writing = process.env['GOLDEN_WRITE'] === '1';

/** `file`: relative to test/golden. */
export function expectGolden(file: string, actual: string): void {
  const golden = path.join(import.meta.dirname, file);
  if (writing) {
    mkdirSync(path.dirname(golden), { recursive: true });
    writeFileSync(golden, actual);
    return;
  }
  expect(actual, `${file} (GOLDEN_WRITE=1 writes it anew)`).toBe(readFileSync(golden, 'utf8'));
}

/** As `expectGolden`, where no more than the beginning was made; that is never written. */
export function expectGoldenBeginning(file: string, actual: string): void {
  const golden = readFileSync(path.join(import.meta.dirname, file), 'utf8');
  expect(actual, file).toBe(golden.slice(0, actual.length));
}
