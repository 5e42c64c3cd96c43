/**
 * What the texts of a program were parsed to, kept between commands: parsing is most of what a command does that reads
 * many tasks. One file for each program, under the user's cache directory; a text is known by its hash, so that no edit
 * is missed. A missing or damaged file costs nothing but time, and so does one of another build of ours.
 */
import path from 'node:path';
import { makeDirectory, replaceFile } from '../../disk/disk.ts';
import { readForeignText } from '../../disk/foreign-file.ts';
import { sha256 } from '../../disk/sha256.ts';
import { statsOf } from '../../disk/stats-of.ts';
import { parseJson, stringifyJson, type Json } from '../../model/json.ts';
import { parseYaml, sourceOf, type ParsedYaml, type YamlProblem } from './yaml-source.ts';

/** Who uses them; where nobody is named, every text is parsed. */
export interface ParsedTexts {
  /** As `parseYaml`. */
  parse(text: string): ParsedYaml;
  /** To be called when a program was read: keeps what was parsed since, where that is worth a file. */
  keep(): void;
}

/** Value and problems of a text without errors, as JSON. */
type Entry = string;

const MAX_FILE_BYTES = 64 * 1024 * 1024;
/** Parsing so few again takes no longer than writing a file of many. */
const FEW = 8;
/** Of which one is worth it: the first text takes as long to parse as a hundred after it. */
const SMALL_FILE = 100;

/**
 * The texts of the program in `programDir`. `cacheHome`: an absolute directory of the user's, such as `~/.cache`; it is
 * not made where it is missing. `build`: names the parser; what another has left is passed over.
 */
export function keptTexts(cacheHome: string, programDir: string, build: string): ParsedTexts {
  const file = path.join(cacheHome, 'codex-orch', 'parsed', sha256(programDir).slice(0, 32));
  const used = new Map<string, Entry>();
  let known: Map<string, Entry> | null = null;
  let parsed = 0;
  return {
    parse(text) {
      known ??= readEntries(file, build);
      const name = sha256(text);
      const entry = known.get(name) ?? used.get(name);
      if (entry !== undefined) {
        used.set(name, entry);
        const [value, problems] = parseJson(entry) as unknown as [Json, YamlProblem[]];
        return { source: sourceOf(text, value), problems };
      }
      const fresh = parseYaml(text);
      if (fresh.source !== null) {
        used.set(name, stringifyJson([fresh.source.value, fresh.problems]));
        parsed += 1;
      }
      return fresh;
    },
    keep() {
      const isWorthIt = parsed >= (used.size <= SMALL_FILE ? 1 : FEW);
      if (isWorthIt && statsOf(cacheHome) !== null) {
        parsed = 0;
        try {
          writeEntries(file, build, used);
        } catch {
          // A full or closed disk: the next command parses again.
        }
      }
      // Who reads the program again and again remembers no text that is gone.
      known = new Map(used);
      used.clear();
    },
  };
}

/** First line: build, and the SHA-256 of what follows; then a line for each text, `<sha256> <entry>`. */
function readEntries(file: string, build: string): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  const read = readForeignText(file, { maxBytes: MAX_FILE_BYTES });
  if (!read.ok) return entries;
  const end = read.text.indexOf('\n');
  const body = read.text.slice(end + 1);
  if (read.text.slice(0, end) !== headOf(build, body)) return entries;
  for (const line of body.split('\n')) entries.set(line.slice(0, 64), line.slice(65));
  return entries;
}

function writeEntries(file: string, build: string, entries: ReadonlyMap<string, Entry>): void {
  makeDirectory(path.dirname(file));
  const body = [...entries].map(([name, entry]) => `${name} ${entry}`).join('\n');
  replaceFile(file, `${headOf(build, body)}\n${body}`);
}

function headOf(build: string, body: string): string {
  return `${build} ${sha256(body)}`;
}
