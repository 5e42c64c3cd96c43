/** A patch of git, read by file and line. */
import { describe, expect, it } from 'vitest';
import { readPatch } from '../../../src/web/page/data/patch.ts';

const patch = `diff --git a/src/a.ts b/src/a.ts
index 111..222 100644
--- a/src/a.ts
+++ b/src/a.ts
@@ -1,3 +1,4 @@ head
 same
-old
+new
+more
 end
\\ No newline at end of file
diff --git a/new.txt b/new.txt
new file mode 100644
index 000..333
--- /dev/null
+++ b/new.txt
@@ -0,0 +1 @@
+hello
diff --git a/gone.txt b/gone.txt
deleted file mode 100644
--- a/gone.txt
+++ /dev/null
@@ -1 +0,0 @@
--- not a header
diff --git a/x b/y
similarity index 100%
rename from x
rename to y
diff --git a/p.png b/p.png
index 1..2 100644
Binary files a/p.png and b/p.png differ
`;

describe('a patch', () => {
  it('is read file by file', () => {
    expect(
      readPatch(patch).map(({ path, from, kind, binary, added, removed }) => ({
        ...{ path, from, kind, binary, added, removed },
      })),
    ).toEqual([
      { path: 'src/a.ts', from: null, kind: 'changed', binary: false, added: 2, removed: 1 },
      { path: 'new.txt', from: null, kind: 'added', binary: false, added: 1, removed: 0 },
      { path: 'gone.txt', from: null, kind: 'deleted', binary: false, added: 0, removed: 1 },
      { path: 'y', from: 'x', kind: 'moved', binary: false, added: 0, removed: 0 },
      { path: 'p.png', from: null, kind: 'changed', binary: true, added: 0, removed: 0 },
    ]);
  });

  it('numbers the lines before and after', () => {
    const [file] = readPatch(patch);
    expect(file?.lines.map(({ kind, before, after }) => [kind, before, after])).toEqual([
      ['hunk', null, null],
      ['same', 1, 1],
      ['del', 2, null],
      ['add', null, 2],
      ['add', null, 3],
      ['same', 3, 4],
      ['note', null, null],
    ]);
  });

  it('is nothing where there is none', () => {
    expect(readPatch('')).toEqual([]);
  });
});
