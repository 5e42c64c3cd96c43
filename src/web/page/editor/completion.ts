/** Completion in the editor, of what `Complete` knows to be possible at a place. */
import {
  autocompletion,
  startCompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
} from '@codemirror/autocomplete';
import type { Extension } from '@codemirror/state';
import type { EditorView } from '@codemirror/view';
import type { Offer } from './schema-completion.ts';
import { yamlPlace, type YamlPlace } from './yaml-place.ts';

/** What may stand at a place of a text; null: nothing is known of such texts. */
export type Complete = (at: { place: YamlPlace; text: string }) => Promise<Offer[] | null>;

export function completion(complete: Complete): Extension {
  return autocompletion({ override: [(context) => result(context, complete)], icons: false });
}

async function result(
  context: CompletionContext,
  complete: Complete,
): Promise<CompletionResult | null> {
  const { state, pos, explicit } = context;
  const { text: line, from, number } = state.doc.lineAt(pos);
  const before = line.slice(0, pos - from);
  // Unasked, it offers once something is typed, or where a value begins.
  if (!explicit && !/[\w./-]$/.test(before) && !/(:|-|\[|,|\{)\s$/.test(before)) return null;
  const text = state.doc.toString();
  const place = yamlPlace(text.split('\n'), number - 1, pos - from);
  const offers = place === null ? null : await complete({ place, text });
  if (place === null || offers === null || offers.length === 0) return null;
  return {
    from: from + place.from,
    options: offers.map((offer) => optionOf(offer, place)),
    validFor: /^[\w./-]*$/,
  };
}

function optionOf(offer: Offer, place: YamlPlace): Completion {
  return {
    label: offer.label,
    type: offer.kind === 'field' ? 'property' : 'enum',
    ...(offer.detail === '' ? {} : { detail: offer.detail }),
    ...(offer.info === '' ? {} : { info: offer.info }),
    boost: offer.required ? 1 : 0,
    apply: (view, _, from, to) => apply(view, from, to, offer, place),
  };
}

/** A field brings its colon along, and what its value begins with; then what may stand there is offered. */
function apply(view: EditorView, from: number, to: number, offer: Offer, place: YamlPlace): void {
  const { doc } = view.state;
  const rest = doc.sliceString(to, doc.lineAt(to).to);
  const isField = offer.kind === 'field';
  const goesOn = isField && !/^\s*:/.test(rest);
  const column = from - doc.lineAt(from).from;
  const below = `\n${' '.repeat(column)}`;
  const behind = { list: `${below}  - `, mapping: `${below}  `, plain: ' ' }[offer.holds];
  const colon = place.inFlow || rest.trim() !== '' ? ': ' : `:${behind}`;
  const insert = offer.label + (goesOn ? colon : '');
  view.dispatch({
    changes: { from, to, insert },
    selection: { anchor: from + insert.length },
    userEvent: 'input.complete',
  });
  if (goesOn) startCompletion(view);
}
