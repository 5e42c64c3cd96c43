/**
 * Runs a page of the documents as a reader would: every ```sh block, in order, in one directory; the
 * ```text block that follows one is what the reader sees.
 *
 * `<!-- not run: why -->` before a block leaves it out; where Codex cannot run, the page ends at
 * `<!-- with Codex -->`. ```sh exit=3 expects that exit status. Ids, times
 * and directories may differ; a line of `…` alone stands for any lines, `…` in a line for anything.
 * DOCS_WRITE=1 writes what was seen into the page.
 */
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { builtEntry } from '../support/built-program.ts';

interface Block {
  script: string;
  exit: number;
  needsCodex: boolean;
  /** 1-based line of the fence. */
  line: number;
  /** Null where the page shows no output. */
  output: { text: string; from: number; to: number } | null;
}

export interface Mismatch {
  line: number;
  script: string;
  expected: string;
  seen: string;
}

const HOME = '/home/you';

/** The blocks of a page that are run. */
function blocksOf(text: string): Block[] {
  const lines = text.split('\n');
  const blocks: Block[] = [];
  let before = '';
  for (let at = 0; at < lines.length; at++) {
    const fence = /^```(\w*)(.*)$/.exec(lines[at] ?? '');
    if (!fence) {
      if ((lines[at] ?? '').trim() !== '') before = lines[at] ?? '';
      continue;
    }
    const from = at + 1;
    while (lines[++at] !== '```') if (at >= lines.length) throw new Error(`line ${from}: no end`);
    const body = lines.slice(from, at).join('\n');
    const [, language, rest] = fence;
    if (language === 'sh' && !before.startsWith('<!-- not run')) {
      const exit = Number(/exit=(\d+)/.exec(rest ?? '')?.[1] ?? 0);
      const needsCodex = before.startsWith('<!-- with Codex');
      blocks.push({ script: body, exit, needsCodex, line: from, output: null });
    } else if (language === 'text' && before === 'ran') {
      const last = blocks.at(-1);
      if (last) last.output = { text: body, from, to: at };
    }
    before = language === 'sh' && !before.startsWith('<!-- not run') ? 'ran' : '';
  }
  return blocks;
}

/**
 * Runs a page in `directory`, which becomes the reader's home. `codex`: the environment that lets Codex
 * run; null where it cannot. Returns what was not as the page says;
 * it stops at the first block whose exit status is another.
 */
export async function runPage(
  file: string,
  directory: string,
  codex: NodeJS.ProcessEnv | null,
): Promise<Mismatch[]> {
  const page = readFileSync(file, 'utf8');
  const state = path.join(directory, '.session');
  mkdirSync(path.join(state, 'bin'), { recursive: true });
  const program = path.join(state, 'bin', 'codex-orch');
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${builtEntry}' "$@"\n`);
  chmodSync(program, 0o755);
  const mismatches: Mismatch[] = [];
  const lines = page.split('\n');
  let moved = 0;
  for (const { script, exit, needsCodex, line, output } of blocksOf(page)) {
    if (needsCodex && codex === null) break;
    const { code, text } = await runBlock(script, directory, codex ?? {});
    const seen = text.replaceAll(directory, HOME).trimEnd();
    if (output && !matches(output.text, seen)) {
      mismatches.push({ line, script, expected: output.text, seen });
      const shown = seen.split('\n').map((each) => each.trimEnd());
      lines.splice(output.from + moved, output.to - output.from, ...shown);
      moved += shown.length - (output.to - output.from);
    }
    if (code !== exit) {
      mismatches.push({ line, script, expected: `exit ${exit}`, seen: `exit ${code}\n${seen}` });
      break;
    }
  }
  if (process.env['DOCS_WRITE'] === '1') writeFileSync(file, lines.join('\n'));
  return mismatches;
}

function runBlock(
  script: string,
  directory: string,
  env: NodeJS.ProcessEnv,
): Promise<{ code: number; text: string }> {
  const state = path.join(directory, '.session');
  const kept = path.join(state, 'environment.sh');
  const log = path.join(state, 'output');
  // One shell a block; directory and variables carry over, as in the reader's terminal.
  const whole = [
    `cd '${directory}'`,
    ...(existsSync(kept) ? [`. '${kept}'`] : []),
    `trap 'declare -p -x > "${kept}"; printf "cd %q\\n" "$PWD" >> "${kept}"' EXIT`,
    `exec > '${log}' 2>&1`,
    'set -e',
    script,
  ].join('\n');
  const { PATH = '' } = process.env;
  const clean = {
    PATH: [path.join(state, 'bin'), path.dirname(process.execPath), PATH].join(':'),
    HOME: directory,
    LANG: 'C.UTF-8',
    NO_COLOR: '1',
    ...env,
  };
  return new Promise((resolve) => {
    execFile('bash', ['-c', whole], { env: clean }, (error) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, text: existsSync(log) ? readFileSync(log, 'utf8') : '' });
    });
  });
}

function matches(expected: string, seen: string): boolean {
  const pattern = alike(expected)
    .split('\n')
    .map((line) => (line === '…' ? '(?:.*\n)*?' : `${line.split('…').map(escaped).join('.*?')}\n`))
    .join('');
  return new RegExp(`^${pattern}$`).test(`${alike(seen)}\n`);
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** Leaves out what differs from run to run. */
function alike(text: string): string {
  return text
    .trimEnd()
    .replaceAll(/[ \t]+$/gm, '')
    .replaceAll(/\b\d{14}-[0-9a-f]{8}\b/g, '<run>')
    .replaceAll(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>')
    .replaceAll(/\b\d\d:\d\d:\d\d\b/g, '<time>')
    .replaceAll(/\bint-[0-9a-f]{12}\b/g, '<interrupt>')
    .replaceAll(/-[0-9a-f]{8}\b/g, '-<id>')
    .replaceAll(/\b[0-9a-f]{64}\b/g, '<hash>')
    .replaceAll(/\b(pid|process) \d+/g, '$1 <pid>')
    .replaceAll(/\b\d+(\.\d+)?(ms|s)\b/g, '<duration>');
}
