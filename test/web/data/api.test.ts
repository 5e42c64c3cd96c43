/** Addresses of files, whatever their names hold. */
import { describe, expect, it } from 'vitest';
import { fileAt, filePath } from '../../../src/web/page/data/api.ts';

describe('fileAt', () => {
  it.each(['prompts/look.md', 'a+b,c&d=e@f:g;h$i#j?k.md', 'a%2Bb/50% of it.md', 'ä ö.md'])(
    'is the file that the address was made of: %s',
    (file) => {
      const address = new URL(filePath('/program/files', file), 'http://page.invalid').pathname;
      expect(fileAt('/program/files', address)).toBe(file);
    },
  );

  it('leaves what escapes nothing as it is', () => {
    expect(fileAt('/program/files', '/program/files/a%20b/100%.md')).toBe('a b/100%.md');
  });
});
