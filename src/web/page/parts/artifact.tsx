/** A file that an agent or author made, shown by its kind: read when it is opened, as text or as an image. */
import { useState } from 'react';
import { parseJson, type Json } from '../../../model/json.ts';
import type { ArtifactView, TextPage } from '../../api/file.ts';
import { useResource } from '../data/resource.ts';
import { FailureBox } from './failure.tsx';
import { Icon } from './icons.tsx';
import { JsonView } from './json-view.tsx';
import { DiffText, Markdown } from './markdown.tsx';
import { Pending } from './pieces.tsx';
import { Size } from './time.tsx';
import './artifact.css';

interface ArtifactProps {
  name: string;
  size: number | null;
  render: ArtifactView['render'];
  /** Its address. */
  href: string;
  open?: boolean;
  note?: string;
}

export function Artifact({ name, size, render, href, open: first = false, note }: ArtifactProps) {
  const [open, setOpen] = useState(first);
  const [source, setSource] = useState(false);
  const shown = render !== 'none';
  return (
    <div className="artifact">
      <div className="artifact-head">
        {shown ? (
          <button
            type="button"
            className="quiet grow artifact-name"
            aria-expanded={open}
            onClick={() => setOpen(!open)}
          >
            <Icon name={open ? 'down' : 'right'} size={14} />
            <span className="mono ellipsis">{name}</span>
            {note && <span className="faint ellipsis">{note}</span>}
          </button>
        ) : (
          <span className="grow artifact-name">
            <Icon name="file" size={14} /> <span className="mono ellipsis">{name}</span>
            {note && <span className="faint ellipsis">{note}</span>}
          </span>
        )}
        {open && (render === 'markdown' || render === 'json') && (
          <button
            type="button"
            className="quiet"
            aria-pressed={source}
            onClick={() => setSource(!source)}
          >
            {source ? 'Rendered' : 'Source'}
          </button>
        )}
        {size !== null && <Size bytes={size} />}
        <a
          className="quiet artifact-get"
          href={`${href}?download=1`}
          download
          title={`Download ${name}`}
        >
          <Icon name="download" />
          <span className="sr">Download {name}</span>
        </a>
      </div>
      {open && (
        <div className="artifact-body">
          {render === 'image' ? (
            <img src={href} alt={name} />
          ) : (
            <FileText name={name} href={href} render={source ? 'text' : render} />
          )}
        </div>
      )}
    </div>
  );
}

function FileText(props: { name: string; href: string; render: ArtifactView['render'] }) {
  const { name, href, render } = props;
  const { data, error } = useResource<TextPage>(`${href}?as=text`);
  if (!data) return error ? <FailureBox failure={error} /> : <Pending rows={2} />;
  if (data.binary) return <p className="faint">This is not text. Download it to look at it.</p>;
  if (data.text === '') return <p className="faint">Empty.</p>;
  const cut = data.to < data.size;
  return (
    <>
      <Content name={name} text={data.text} render={cut && render === 'json' ? 'text' : render} />
      {cut && (
        <p className="faint">
          The first <Size bytes={data.to} /> of <Size bytes={data.size} />. The download is whole.
        </p>
      )}
    </>
  );
}

function Content(props: { name: string; text: string; render: ArtifactView['render'] }) {
  const { name, text, render } = props;
  if (render === 'markdown') return <Markdown text={text} />;
  if (render === 'json') {
    const value = parsed(text);
    if (value !== undefined) return <JsonView value={value} />;
  }
  if (/\.(patch|diff)$/.test(name)) return <DiffText text={text} />;
  return (
    <pre className="text-block" tabIndex={0}>
      {text}
    </pre>
  );
}

function parsed(text: string): Json | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
