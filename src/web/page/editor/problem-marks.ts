/** The validator's messages where they are about: underlined, in the gutter, and behind their line. */
import { setDiagnostics, lintGutter, type Diagnostic as Mark } from '@codemirror/lint';
import { StateEffect, StateField, type Extension, type Text } from '@codemirror/state';
import { Decoration, EditorView, WidgetType, type DecorationSet } from '@codemirror/view';
import type { Diagnostic } from '../../../model/diagnostic.ts';

const severities = { error: 'error', warning: 'warning', note: 'info' } as const;

/** Underlines stand at the word that a message is about. */
function marksOf(doc: Text, diagnostics: readonly Diagnostic[]): Mark[] {
  return diagnostics.flatMap((each) => {
    if (each.line === null || each.line < 1 || each.line > doc.lines) return [];
    const line = doc.line(each.line);
    const begins = /\S/.exec(line.text)?.index ?? 0;
    const column = Math.min(each.column === null ? begins : each.column - 1, line.length);
    const rest = line.text.slice(column);
    const word = /^(["'])(?:(?!\1).)*\1|^[^\s,:{}[\]]+/.exec(rest)?.[0] ?? rest.trimEnd();
    const from = line.from + column;
    const place = `line ${each.line}${each.column === null ? '' : `, column ${each.column}`}`;
    const hint = each.hint === null ? '' : `\n${each.hint}`;
    return {
      from,
      to: Math.max(from, from + word.length),
      severity: severities[each.severity],
      source: place,
      message: `${each.message}${hint}`,
    };
  });
}

const setSaid = StateEffect.define<readonly Mark[]>();

class Said extends WidgetType {
  readonly #text: string;
  readonly #severity: string;

  constructor(text: string, severity: string) {
    super();
    this.#text = text;
    this.#severity = severity;
  }

  override eq(other: Said): boolean {
    return other.#text === this.#text && other.#severity === this.#severity;
  }

  toDOM(): HTMLElement {
    const place = document.createElement('span');
    place.className = `cm-said cm-said-${this.#severity}`;
    // The list below the editor says it to those who do not see it.
    place.setAttribute('aria-hidden', 'true');
    place.textContent = this.#text;
    return place;
  }
}

/** The first message of each line, behind it. */
const said = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(old, transaction) {
    const given = transaction.effects.find((effect) => effect.is(setSaid));
    if (!given) return old.map(transaction.changes);
    const { doc } = transaction.state;
    const byLine = new Map<number, Mark[]>();
    for (const mark of given.value as readonly Mark[]) {
      const end = doc.lineAt(mark.from).to;
      byLine.set(end, [...(byLine.get(end) ?? []), mark]);
    }
    const ranges = [...byLine].flatMap(([end, [first, ...more]]) => {
      if (!first) return [];
      const text = `${first.message.split('\n')[0] ?? ''}${more.length > 0 ? ` (and ${more.length} more)` : ''}`;
      return Decoration.widget({ widget: new Said(text, first.severity), side: 1 }).range(end);
    });
    return Decoration.set(ranges, true);
  },
  provide: (field) => EditorView.decorations.from(field),
});

export function problemMarks(): Extension {
  return [lintGutter(), said];
}

export function showProblems(view: EditorView, diagnostics: readonly Diagnostic[]): void {
  const marks = marksOf(view.state.doc, diagnostics);
  view.dispatch(setDiagnostics(view.state, marks));
  view.dispatch({ effects: setSaid.of(marks) });
}
