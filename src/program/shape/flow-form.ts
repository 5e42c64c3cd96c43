/** A value as one would write it in YAML, in one line: for hints. Pure. */
import { isJsonObject, type Json } from '../../model/json.ts';

/** `[{task: plan, kind: order}]` */
export function flowForm(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(flowForm).join(', ')}]`;
  if (isJsonObject(value)) {
    const entries = Object.entries(value);
    return `{${entries.map(([name, item]) => `${flowText(name)}: ${flowForm(item)}`).join(', ')}}`;
  }
  return typeof value === 'string' ? flowText(value) : String(value);
}

/** Without quotes only where nobody could take it for anything else. */
function flowText(text: string): string {
  const isPlain = /^[A-Za-z./_][A-Za-z0-9./_-]*( [A-Za-z0-9./_-]+)*$/.test(text);
  const isWord = /^(true|false|null|yes|no|on|off|y|n)$/i.test(text) || /^[.]/.test(text);
  return isPlain && !isWord ? text : JSON.stringify(text);
}
