/** The editor in the colours of the page, light and dark. */
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import type { Extension } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { tags } from '@lezer/highlight';

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--accent-text)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--ok-text)' },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: 'var(--run-text)' },
  { tag: [tags.comment, tags.lineComment], color: 'var(--text-3)', fontStyle: 'italic' },
  { tag: [tags.typeName, tags.labelName, tags.meta], color: 'var(--wait-text)' },
  { tag: [tags.punctuation, tags.separator, tags.processingInstruction], color: 'var(--text-3)' },
  { tag: tags.heading, color: 'var(--accent-text)', fontWeight: '700' },
  { tag: tags.strong, fontWeight: '700' },
  { tag: tags.emphasis, fontStyle: 'italic' },
  { tag: tags.strikethrough, textDecoration: 'line-through' },
  { tag: [tags.link, tags.url], color: 'var(--run-text)', textDecoration: 'underline' },
  { tag: tags.monospace, color: 'var(--wait-text)' },
  { tag: tags.quote, color: 'var(--text-2)' },
]);

const control = {
  font: 'inherit',
  fontSize: '13px',
  color: 'var(--text)',
  background: 'var(--panel)',
  backgroundImage: 'none',
  border: '1px solid var(--line-strong)',
  borderRadius: 'var(--radius)',
  padding: '3px 8px',
  margin: '2px 4px 2px 0',
};

const theme = EditorView.theme({
  '&': { color: 'var(--text)', backgroundColor: 'var(--panel)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { font: 'var(--mono)', overflowX: 'auto' },
  '.cm-content': { padding: '8px 0', caretColor: 'var(--text)', minHeight: '14em' },
  '.cm-gutter': { minHeight: '14em' },
  '.cm-line': { padding: '0 12px' },
  '.cm-cursor, .cm-dropCursor': { borderLeftColor: 'var(--text)' },
  '.cm-gutters': {
    color: 'var(--text-3)',
    backgroundColor: 'var(--sunken)',
    border: 'none',
    borderRight: '1px solid var(--line)',
  },
  '.cm-activeLine': { backgroundColor: 'color-mix(in srgb, var(--hover) 45%, transparent)' },
  '.cm-activeLineGutter': { backgroundColor: 'var(--hover)', color: 'var(--text)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground':
    { background: 'color-mix(in srgb, var(--accent) 28%, transparent)' },
  '.cm-selectionMatch': { backgroundColor: 'color-mix(in srgb, var(--accent) 16%, transparent)' },
  '&.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--accent-soft)' },
  '&.cm-focused .cm-nonmatchingBracket': { backgroundColor: 'var(--bad-soft)' },
  '.cm-searchMatch': { backgroundColor: 'var(--wait-soft)', outline: '1px solid var(--wait)' },
  '.cm-searchMatch-selected': { backgroundColor: 'var(--accent-soft)' },
  '.cm-panels': { color: 'var(--text)', backgroundColor: 'var(--sunken)' },
  '.cm-panels.cm-panels-top': { borderBottom: '1px solid var(--line)' },
  '.cm-panels.cm-panels-bottom': { borderTop: '1px solid var(--line)' },
  '.cm-panel.cm-search': { padding: '6px 36px 6px 8px', font: 'inherit' },
  '.cm-panel.cm-search label': { fontSize: '13px', marginRight: '8px' },
  '.cm-textfield': { ...control, width: 'min(28ch, 100%)' },
  '.cm-button': { ...control, cursor: 'pointer' },
  '.cm-panel.cm-search [name=close], .cm-panel.cm-panel-lint [name=close]': {
    color: 'var(--text-2)',
    fontSize: '18px',
    padding: '0 8px',
    top: '6px',
    right: '6px',
  },
  '.cm-panel.cm-panel-lint ul [aria-selected]': {
    color: 'var(--text)',
    backgroundColor: 'var(--accent-soft)',
  },
  '.cm-tooltip': {
    color: 'var(--text)',
    backgroundColor: 'var(--panel)',
    border: '1px solid var(--line-strong)',
    borderRadius: 'var(--radius)',
    boxShadow: 'var(--shadow-high)',
    maxWidth: 'min(60ch, 92vw)',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { font: 'var(--mono)', maxHeight: '16em' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '3px 8px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    color: 'var(--text)',
    backgroundColor: 'var(--accent-soft)',
  },
  '.cm-completionDetail': { color: 'var(--text-3)', fontStyle: 'normal', marginLeft: '1.2em' },
  '.cm-completionMatchedText': { textDecoration: 'none', fontWeight: '700' },
  '.cm-tooltip.cm-completionInfo': { padding: '6px 10px', lineHeight: '1.5' },
  '.cm-diagnostic': { padding: '6px 10px' },
  '.cm-diagnostic-error': { borderLeft: '3px solid var(--bad)' },
  '.cm-diagnostic-warning': { borderLeft: '3px solid var(--wait)' },
  '.cm-diagnostic-info': { borderLeft: '3px solid var(--idle)' },
  '.cm-lintRange-error': wavy('var(--bad)'),
  '.cm-lintRange-warning': wavy('var(--wait)'),
  '.cm-lintRange-info': wavy('var(--idle)'),
  '.cm-said': { marginLeft: '24px', fontStyle: 'italic', pointerEvents: 'none' },
  '.cm-said-error': { color: 'var(--bad-text)' },
  '.cm-said-warning': { color: 'var(--wait-text)' },
  '.cm-said-info': { color: 'var(--text-3)' },
});

function wavy(colour: string) {
  return {
    backgroundImage: 'none',
    textDecoration: `underline wavy ${colour} 1px`,
    textUnderlineOffset: '3px',
  };
}

export const look: Extension = [theme, syntaxHighlighting(colours)];
