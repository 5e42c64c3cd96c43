/** What an editor can do besides taking text: undo, search, indentation, brackets, keys. */
import { closeBrackets, closeBracketsKeymap } from '@codemirror/autocomplete';
import {
  defaultKeymap,
  history,
  historyKeymap,
  indentWithTab,
  redo,
  undo,
} from '@codemirror/commands';
import { bracketMatching, indentOnInput, indentUnit } from '@codemirror/language';
import { lintKeymap } from '@codemirror/lint';
import {
  highlightSelectionMatches,
  openSearchPanel,
  search,
  searchKeymap,
} from '@codemirror/search';
import type { Extension, Transaction } from '@codemirror/state';
import {
  drawSelection,
  dropCursor,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import type { EditorHandle } from './code-editor.tsx';

/** What the browser has selected: the editor hears of that a moment later. */
function selected(view: EditorView): { from: number; to: number } {
  const selection = document.getSelection();
  const { anchorNode, focusNode } = selection ?? {};
  const isOurs = (node: Node | null | undefined): node is Node =>
    node !== null && node !== undefined && view.contentDOM.contains(node);
  if (!selection || selection.isCollapsed || !isOurs(anchorNode) || !isOurs(focusNode)) {
    return view.state.selection.main;
  }
  const anchor = view.posAtDOM(anchorNode, selection.anchorOffset);
  const focus = view.posAtDOM(focusNode, selection.focusOffset);
  return { from: Math.min(anchor, focus), to: Math.max(anchor, focus) };
}

/**
 * Text in the place of a selection. Left to do it, Chromium joins the lines with styles of its own, which the policy of
 * the page forbids and the console then complains of.
 */
const replaceBySelf = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { data, inputType } = event;
    if (inputType !== 'insertText' || data === null || view.composing) return false;
    const { from, to } = selected(view);
    if (from === to) return false;
    event.preventDefault();
    const { main } = view.state.selection;
    const isKnown = from === main.from && to === main.to;
    const text = view.state.toText(data);
    const change = isKnown
      ? view.state.replaceSelection(text)
      : { changes: { from, to, insert: text }, selection: { anchor: from + text.length } };
    const insert = (): Transaction =>
      view.state.update(change, { userEvent: 'input.type', scrollIntoView: true });
    const handlers = view.state.facet(EditorView.inputHandler);
    if (!handlers.some((handle) => handle(view, from, to, data, insert))) view.dispatch(insert());
    return true;
  },
});

export function abilities(): Extension {
  return [
    lineNumbers(),
    highlightActiveLineGutter(),
    highlightActiveLine(),
    highlightSpecialChars(),
    history(),
    drawSelection(),
    dropCursor(),
    indentOnInput(),
    indentUnit.of('  '),
    bracketMatching(),
    closeBrackets(),
    search({ top: true }),
    highlightSelectionMatches(),
    replaceBySelf,
    // A tab is never right in YAML: it indents. Escape and then Tab leaves the field.
    keymap.of([
      ...closeBracketsKeymap,
      ...searchKeymap,
      ...historyKeymap,
      ...lintKeymap,
      indentWithTab,
      ...defaultKeymap,
    ]),
  ];
}

export function bindings(view: EditorView): EditorHandle {
  return {
    undo: () => void undo(view),
    redo: () => void redo(view),
    find: () => void openSearchPanel(view),
    goTo(line, column) {
      const { doc } = view.state;
      const at = doc.line(Math.min(Math.max(1, line), doc.lines));
      const anchor = Math.min(at.to, at.from + Math.max(0, (column ?? 1) - 1));
      view.dispatch({
        selection: { anchor },
        effects: EditorView.scrollIntoView(anchor, { y: 'center' }),
      });
      view.focus();
    },
  };
}
