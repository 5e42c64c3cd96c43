/** Anything by its name: places, tasks, runs and open questions. Loaded when it is asked for. */
import { useEffect, useMemo, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import type { Overview } from '../api/overview.ts';
import type { ProgramView } from '../api/program.ts';
import type { RunPage } from '../api/runs.ts';
import { useResource } from './data/resource.ts';
import { Icon, type IconName } from './parts/icons.tsx';
import { questionTitle } from './parts/question-row.tsx';
import { runName } from './parts/run-row.tsx';
import { matches } from './parts/search-field.tsx';
import { statusWord } from './parts/status.tsx';

interface Target {
  href: string;
  name: string;
  note: string;
  icon: IconName;
}

const places: Target[] = [
  { href: '/', name: 'Overview', note: '', icon: 'overview' },
  { href: '/inbox', name: 'Inbox', note: '', icon: 'inbox' },
  { href: '/runs', name: 'Runs', note: '', icon: 'runs' },
  { href: '/runs?status=failed', name: 'Failed runs', note: '', icon: 'runs' },
  { href: '/program', name: 'Program', note: '', icon: 'program' },
  { href: '/program/problems', name: 'Problems of the program', note: '', icon: 'program' },
  { href: '/proposals', name: 'Proposals', note: '', icon: 'proposals' },
  { href: '/start', name: 'Start a run', note: '', icon: 'play' },
];
const most = 12;

function useTargets(): Target[] {
  const { data: overview } = useResource<Overview>('/api/overview');
  const { data: program } = useResource<ProgramView>('/api/program');
  const { data: page } = useResource<RunPage>('/api/runs?limit=200');
  return useMemo(
    () => [
      ...(overview?.questions ?? []).map((each): Target => ({
        href: `/inbox/${each.run_id}/${each.interrupt_id}`,
        name: questionTitle(each.question),
        note: 'question',
        icon: 'person',
      })),
      ...places,
      ...(page?.runs ?? []).map((run): Target => ({
        href: `/runs/${run.id}`,
        name: runName(run),
        note: `${statusWord(run.status).toLowerCase()} ${run.id}`,
        icon: 'runs',
      })),
      ...(program?.tasks ?? []).map((task): Target => ({
        href: `/program/tasks/${task.id}`,
        name: task.title,
        note: `task ${task.id}`,
        icon: 'tool',
      })),
    ],
    [overview, program, page],
  );
}

export function Palette({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [, go] = useLocation();
  const [text, setText] = useState('');
  const [chosen, choose] = useState(0);
  const targets = useTargets();
  useEffect(() => dialog.current?.showModal(), []);
  const found = targets
    .filter(({ name, note }) => text === '' || matches(`${name} ${note}`, text))
    .slice(0, most);
  const at = Math.min(chosen, found.length - 1);
  const open = (target: Target | undefined): void => {
    if (!target) return;
    onClose();
    go(target.href);
  };
  return (
    <dialog
      ref={dialog}
      className="dialog palette"
      aria-label="Go to"
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && onClose()}
    >
      <input
        type="search"
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={found[at] ? `palette-${at}` : undefined}
        aria-label="Go to"
        placeholder="A place, run, task or question"
        autoFocus
        value={text}
        onChange={({ target: { value } }) => {
          setText(value);
          choose(0);
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') choose(Math.min(at + 1, found.length - 1));
          else if (event.key === 'ArrowUp') choose(Math.max(at - 1, 0));
          else if (event.key === 'Enter') open(found[at]);
          else return;
          event.preventDefault();
        }}
      />
      <ul id="palette-list" role="listbox" aria-label="Found">
        {found.map((target, index) => (
          <li
            key={target.href}
            id={`palette-${index}`}
            role="option"
            aria-selected={index === at}
            onMouseMove={() => choose(index)}
            onClick={() => open(target)}
          >
            <Icon name={target.icon} />
            <span className="ellipsis">{target.name}</span>
            <span className="faint ellipsis">{target.note}</span>
          </li>
        ))}
      </ul>
      {found.length === 0 && <p className="panel-body faint">Nothing of that name.</p>}
    </dialog>
  );
}
