/**
 * Takes out of an output what no two runs of a test share: places, times, ids, process ids. Ids and times of
 * the fixtures stand in them, and stay.
 */
import { realpathSync } from 'node:fs';
import { allFixtureText } from './fixture-runs.ts';

const patterns = {
  time: /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g,
  run: /\b\d{14}-[0-9a-f]{8}\b/g,
  int: /\bint-[0-9a-f]{12}\b/g,
  /** The end of the ids of instances and scopes. */
  id: /(?<=[A-Za-z0-9]-)[0-9a-f]{8}\b/g,
} as const;

let known: ReadonlySet<string> | null = null;

/** `places`: directory → what stands for it. The same id gets the same number within one text. */
export function neutral(text: string, places: Readonly<Record<string, string>>): string {
  known ??= knownTokens();
  let result = text;
  const directories = Object.keys(places).flatMap((directory) =>
    [directory, realpathSync(directory)].map((each) => [each, places[directory] ?? ''] as const),
  );
  directories.sort(([a], [b]) => b.length - a.length);
  for (const [directory, name] of directories) result = result.replaceAll(directory, name);
  for (const [kind, pattern] of Object.entries(patterns)) {
    const numbers = new Map<string, number>();
    result = result.replace(pattern, (token) => {
      if (known?.has(token)) return token;
      if (kind === 'time') return '<time>';
      const number = numbers.get(token) ?? numbers.size + 1;
      numbers.set(token, number);
      return `<${kind}-${number}>`;
    });
  }
  return result
    .replace(/("(?:prev|head|log_head)": ?")(?!0{64})[0-9a-f]{64}"/g, '$1<sha256>"')
    .replace(/("output_times": ?)"[^"]*"/g, '$1"<times>"')
    .replace(/("(?:pid|port)": ?)\d+/g, '$1"<number>"')
    .replace(/\(pid \d+\)/g, '(pid <number>)')
    .replace(/^\d\d:\d\d:\d\d(?= )/gm, '<clock>')
    .replaceAll(process.execPath, '<node>');
}

function knownTokens(): Set<string> {
  const text = allFixtureText();
  return new Set(Object.values(patterns).flatMap((pattern) => text.match(pattern) ?? []));
}
