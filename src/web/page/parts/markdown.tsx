/**
 * Markdown of agents and authors, as elements: the lexer's tokens become React nodes, HTML in the text
 * stays text, and only http, https and mail addresses become links.
 */
import { Lexer, type Token, type Tokens } from 'marked';
import { Fragment, memo, useMemo, type ReactNode } from 'react';
import './markdown.css';

export const Markdown = memo(function Markdown({ text }: { text: string }) {
  const tokens = useMemo(() => new Lexer({ gfm: true }).lex(text), [text]);
  return <div className="markdown">{blocks(tokens)}</div>;
});

function blocks(tokens: Token[]): ReactNode {
  return tokens.map((token, index) => <Fragment key={index}>{block(token)}</Fragment>);
}

function block(token: Token): ReactNode {
  switch (token.type) {
    case 'space':
    case 'def':
      return null;
    case 'heading': {
      const { depth, tokens } = token as Tokens.Heading;
      // Headings of a text stand below those of the page.
      const Tag = `h${Math.min(6, depth + 2)}` as 'h3' | 'h4' | 'h5' | 'h6';
      return <Tag>{spans(tokens)}</Tag>;
    }
    case 'paragraph':
      return <p>{spans((token as Tokens.Paragraph).tokens)}</p>;
    case 'code': {
      const { text, lang } = token as Tokens.Code;
      return lang === 'diff' || lang === 'patch' ? (
        <DiffText text={text} />
      ) : (
        <pre tabIndex={0}>
          <code>{text}</code>
        </pre>
      );
    }
    case 'blockquote':
      return <blockquote>{blocks((token as Tokens.Blockquote).tokens)}</blockquote>;
    case 'hr':
      return <hr />;
    case 'list': {
      const { ordered, start, items } = token as Tokens.List;
      const inner = items.map((item, index) => (
        <li key={index} className={item.task ? 'task' : undefined}>
          {item.task && <input type="checkbox" checked={item.checked ?? false} disabled readOnly />}
          {blocks(item.tokens)}
        </li>
      ));
      return ordered ? <ol start={start === '' ? 1 : start}>{inner}</ol> : <ul>{inner}</ul>;
    }
    case 'table':
      return <Table table={token as Tokens.Table} />;
    case 'checkbox':
      return null;
    case 'html':
      return <p className="as-is">{(token as Tokens.HTML).text}</p>;
    case 'text': {
      const { tokens, text } = token as Tokens.Text;
      return tokens ? spans(tokens) : text;
    }
    default:
      return token.raw;
  }
}

function Table({ table }: { table: Tokens.Table }) {
  return (
    <div className="table-scroll">
      <table>
        <thead>
          <tr>
            {table.header.map((cell, index) => (
              <th key={index} data-align={cell.align}>
                {spans(cell.tokens)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row, index) => (
            <tr key={index}>
              {row.map((cell, column) => (
                <td key={column} data-align={cell.align}>
                  {spans(cell.tokens)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function spans(tokens: Token[] | undefined): ReactNode {
  return tokens?.map((token, index) => <Fragment key={index}>{span(token)}</Fragment>);
}

function span(token: Token): ReactNode {
  switch (token.type) {
    case 'strong':
      return <strong>{spans((token as Tokens.Strong).tokens)}</strong>;
    case 'em':
      return <em>{spans((token as Tokens.Em).tokens)}</em>;
    case 'del':
      return <del>{spans((token as Tokens.Del).tokens)}</del>;
    case 'codespan':
      return <code>{(token as Tokens.Codespan).text}</code>;
    case 'br':
      return <br />;
    case 'link': {
      const { href, tokens, title } = token as Tokens.Link;
      return <SafeLink href={href} title={title ?? undefined} text={spans(tokens)} />;
    }
    case 'image': {
      // An address of elsewhere is not fetched: that would tell others what is read here.
      const { href, text } = token as Tokens.Image;
      return <SafeLink href={href} text={`[image: ${text || href}]`} />;
    }
    case 'escape':
      return (token as Tokens.Escape).text;
    case 'checkbox':
      return null;
    case 'text': {
      const { tokens, text } = token as Tokens.Text;
      return tokens ? spans(tokens) : plain(text);
    }
    case 'html':
      return (token as Tokens.HTML).text;
    default:
      return token.raw;
  }
}

/** The lexer leaves entities as they stand; these few are what people write. */
function plain(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|#39|nbsp);/g, (_, name: string) => entities[name] ?? '');
}
const entities: Record<string, string> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  '#39': "'",
  nbsp: '\u00a0',
};

function SafeLink({ href, title, text }: { href: string; title?: string; text: ReactNode }) {
  if (!/^(https?:\/\/|mailto:)/i.test(href)) {
    return (
      <span className="dead-link" title={href}>
        {text}
      </span>
    );
  }
  return (
    <a href={href} title={title} target="_blank" rel="noopener noreferrer nofollow">
      {text}
    </a>
  );
}

/** A unified diff with its additions and removals marked by sign and colour. */
export const DiffText = memo(function DiffText({ text }: { text: string }) {
  return (
    <pre className="diff-text" tabIndex={0}>
      <code>
        {text
          .replace(/\n$/, '')
          .split('\n')
          .map((line, index) => (
            <span key={index} className={diffClass(line)}>
              {line}
              {'\n'}
            </span>
          ))}
      </code>
    </pre>
  );
});

function diffClass(line: string): string {
  if (/^(\+\+\+|---|diff |index )/.test(line)) return 'file';
  if (line.startsWith('@@')) return 'hunk';
  if (line.startsWith('+')) return 'add';
  if (line.startsWith('-')) return 'del';
  return 'same';
}
