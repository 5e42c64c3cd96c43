/** One thing that an agent did: a message, a command with its output, a change, its plan, what it used. */
import { useState, type ReactNode } from 'react';
import type { AgentActivity } from '../../../../model/activity.ts';
import type { Usage } from '../../../../model/run.ts';
import { Icon, type IconName } from '../../parts/icons.tsx';
import { DiffText, Markdown } from '../../parts/markdown.tsx';
import { Size } from '../../parts/time.tsx';
import '../../parts/console.css';

type Activity<T extends AgentActivity['type']> = Extract<AgentActivity, { type: T }>;

export function Output({ text }: { text: string }) {
  return (
    <Item icon="terminal" label="Output">
      <pre className="console" tabIndex={0}>
        {text}
      </pre>
    </Item>
  );
}

function Item(props: { icon: IconName; label: string; tone?: string; children: ReactNode }) {
  const { icon, label, tone, children } = props;
  return (
    <div className={`work-item ${tone ?? ''}`}>
      <span className="work-icon" title={label}>
        <Icon name={icon} />
        <span className="sr">{label}: </span>
      </span>
      <div className="work-main">{children}</div>
    </div>
  );
}

export function ActivityEntry({ of: activity }: { of: AgentActivity }) {
  switch (activity.type) {
    case 'session_started':
      return (
        <p className="work-note faint">
          Session <span className="mono">{activity.sessionId}</span>
        </p>
      );
    case 'turn_started':
      return null;
    case 'turn_ended':
      return (
        <div className="work-note">
          {activity.outcome === 'failed' && (
            <p className="tone-bad">
              <Icon name="error" /> {activity.message ?? 'The turn failed.'}
            </p>
          )}
          {activity.usage && <UsageText usage={activity.usage} />}
        </div>
      );
    case 'message':
      return (
        <Item icon="robot" label="Message">
          <Markdown text={activity.text} />
        </Item>
      );
    case 'reasoning':
      return (
        <Item icon="info" label="Reasoning" tone="reasoning">
          <Markdown text={activity.text} />
        </Item>
      );
    case 'command':
      return <CommandEntry of={activity} />;
    case 'file_change':
      return <FileChange of={activity} />;
    case 'todo':
      return <Todo of={activity} />;
    case 'tool_call':
      return <ToolCall of={activity} />;
    case 'web_search':
      return (
        <Item icon="globe" label="Search">
          Searched for “{activity.query}”
        </Item>
      );
    case 'error':
      return (
        <Item icon="error" label="Error" tone="failed">
          {activity.message}
        </Item>
      );
    case 'other':
      return (
        <Item icon="info" label={activity.kind}>
          <details>
            <summary>{activity.kind}</summary>
            <pre className="console">{activity.text}</pre>
          </details>
        </Item>
      );
    case 'truncated':
      return (
        <p className="work-note faint">
          <Size bytes={activity.bytes} /> in one piece, not shown here; the raw output has it.
        </p>
      );
    case 'output':
      return <Output text={activity.text} />;
  }
}

function FileChange({ of: activity }: { of: Activity<'file_change'> }) {
  return (
    <Item icon="pencil" label="Changed files" tone={activity.status === 'failed' ? 'failed' : ''}>
      <ul className="changes">
        {activity.changes.map(({ path, kind }) => (
          <li key={path}>
            <span className={`change ${kind}`}>{kind}</span>
            <span className="mono">{path}</span>
          </li>
        ))}
      </ul>
      {activity.status === 'failed' && <p className="tone-bad">The change was not made.</p>}
    </Item>
  );
}

function Todo({ of: activity }: { of: Activity<'todo'> }) {
  return (
    <Item icon="check" label="Plan">
      <ul className="plan">
        {activity.items.map(({ text, completed }, index) => (
          <li key={index} className={completed ? 'is-done' : ''}>
            <input type="checkbox" checked={completed} disabled readOnly aria-label={text} />
            <span>{text}</span>
          </li>
        ))}
      </ul>
    </Item>
  );
}

function ToolCall({ of: activity }: { of: Activity<'tool_call'> }) {
  return (
    <Item icon="tool" label="Tool" tone={activity.status === 'failed' ? 'failed' : ''}>
      <details>
        <summary>
          <code>
            {activity.server ? `${activity.server} · ` : ''}
            {activity.tool}
          </code>
          {activity.status === 'in_progress' && <span className="tone-run"> running</span>}
        </summary>
        <pre className="console">{activity.arguments}</pre>
      </details>
      {activity.error && <p className="tone-bad">{activity.error}</p>}
    </Item>
  );
}

const shortOutputLines = 8;

function CommandEntry({ of: activity }: { of: Activity<'command'> }) {
  const { command, output, exitCode, status } = activity;
  const failed = status === 'failed' || (exitCode !== null && exitCode !== 0);
  const lines = output.replace(/\n$/, '').split('\n');
  const [chosen, setChosen] = useState<boolean | null>(null);
  const long = lines.length > shortOutputLines;
  const open = chosen ?? (failed || !long);
  const text = open ? lines.join('\n') : lines.slice(-3).join('\n');
  return (
    <Item icon="terminal" label="Command" tone={failed ? 'failed' : ''}>
      <div className="command-line">
        <code>{command}</code>
        {status === 'in_progress' ? (
          <span className="tone-run">running</span>
        ) : (
          <span className={failed ? 'tone-bad' : 'faint'}>
            {exitCode === null ? status : `exit ${exitCode}`}
          </span>
        )}
      </div>
      {output.trim() !== '' &&
        (/^(diff --git|--- a\/)/.test(output) && open ? (
          <DiffText text={output} />
        ) : (
          <pre className="console" tabIndex={0}>
            {text}
          </pre>
        ))}
      {long && (
        <button
          type="button"
          className="link"
          aria-expanded={open}
          onClick={() => setChosen(!open)}
        >
          {open ? 'Show less' : `Show all ${lines.length} lines`}
        </button>
      )}
    </Item>
  );
}

export function UsageText({ usage }: { usage: Usage }) {
  const { input_tokens: input, cached_input_tokens: cached, output_tokens: output } = usage;
  return (
    <span
      className="faint num"
      title={`${usage.reasoning_output_tokens.toLocaleString()} of the output for reasoning`}
    >
      {input.toLocaleString()} tokens in ({cached.toLocaleString()} cached),{' '}
      {output.toLocaleString()} out
    </span>
  );
}
