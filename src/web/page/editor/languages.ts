/** How texts are coloured: YAML, which JSON is a part of, and Markdown. */
import { yamlLanguage } from '@codemirror/lang-yaml';
import {
  defineLanguageFacet,
  Language,
  languageDataProp,
  LanguageSupport,
} from '@codemirror/language';
import { GFM, parser } from '@lezer/markdown';

export const yaml = new LanguageSupport(yamlLanguage);

const data = defineLanguageFacet();

// Not @codemirror/lang-markdown: that brings HTML, CSS and JavaScript along.
export const markdown = new LanguageSupport(
  new Language(
    data,
    parser.configure([GFM, { props: [languageDataProp.add({ Document: data })] }]),
    [],
    'markdown',
  ),
);
