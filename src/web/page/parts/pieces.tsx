/** Small parts that many views share. */
import { useEffect, useRef, type ReactNode } from 'react';
import { Link } from 'wouter';
import { CopyButton } from './copy-button.tsx';
import { Icon, type IconName } from './icons.tsx';

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <p className="empty-title">{title}</p>
      {children && <div className="faint">{children}</div>}
    </div>
  );
}

/** Something is on its way; shown late, so that quick answers do not flicker. */
export function Pending({ rows = 3 }: { rows?: number }) {
  return (
    <div className="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} />
      ))}
    </div>
  );
}

export interface Tab {
  href: string;
  label: string;
  count?: number | null;
  bad?: boolean;
}

export function Tabs({ tabs, current, label }: { tabs: Tab[]; current: string; label: string }) {
  const bar = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a small screen the chosen one may be out of sight.
    const chosen = bar.current?.querySelector<HTMLElement>('[aria-current]');
    if (bar.current && chosen)
      bar.current.scrollLeft = chosen.offsetLeft - bar.current.offsetLeft - 60;
  }, [current]);
  return (
    <nav ref={bar} className="tabs" aria-label={label}>
      {tabs.map(({ href, label: text, count, bad }) => (
        <Link key={href} href={href} aria-current={href === current ? 'page' : undefined}>
          {text}
          {count !== undefined && count !== null && count > 0 && (
            <span className={bad ? 'count bad' : 'count'}>{count}</span>
          )}
        </Link>
      ))}
    </nav>
  );
}

export function Crumbs({ parts }: { parts: { href: string; text: string }[] }) {
  return (
    <nav className="crumbs" aria-label="Where this is">
      {parts.map(({ href, text }) => (
        <span key={href}>
          <Link href={href}>{text}</Link>
          <span aria-hidden="true"> / </span>
        </span>
      ))}
    </nav>
  );
}

export function Box({
  tone,
  icon,
  children,
}: {
  tone: 'info' | 'bad' | 'wait' | 'ok';
  icon: IconName;
  children: ReactNode;
}) {
  return (
    <div className={`box ${tone}`}>
      <Icon name={icon} />
      <div>{children}</div>
    </div>
  );
}

interface PanelProps {
  title: ReactNode;
  /** For those who do not see it, where the title does not do. */
  label?: string;
  /** How what is in it stands; without, it reaches to the edges. */
  inset?: 'plain' | 'stack' | 'tight';
  children: ReactNode;
}

const insets = { plain: 'panel-body', stack: 'panel-body stack', tight: 'panel-body stack tight' };

export function Panel({ title, label, inset, children }: PanelProps) {
  return (
    <section className="panel" aria-label={label}>
      <h2>{title}</h2>
      {inset ? <div className={insets[inset]}>{children}</div> : children}
    </section>
  );
}

export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** A command line to copy. */
export function Command({ words }: { words: string[] }) {
  const text = ['codex-orch', ...words]
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ');
  return (
    <span className="command-copy">
      <code className="command" title="The same on the command line">
        {text}
      </code>
      <CopyButton label="Copy the command" text={() => text} />
    </span>
  );
}

/** Ids end in eight characters that tell instances of a task apart; the task's name stands elsewhere. */
export function shortId(id: string): string {
  return id.slice(id.lastIndexOf('-') + 1);
}
