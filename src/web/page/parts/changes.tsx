/** What was changed, file by file, as in a review. Read when it is shown. */
import { memo, useMemo, useState } from 'react';
import type { ChangesView } from '../../api/outcome.ts';
import { apiPath } from '../data/api.ts';
import { readPatch, type PatchFile, type PatchLine } from '../data/patch.ts';
import { useResource, type Loaded } from '../data/resource.ts';
import { CopyButton } from './copy-button.tsx';
import { FailureBox } from './failure.tsx';
import { Icon } from './icons.tsx';
import { Command, Empty, Pending } from './pieces.tsx';
import './changes.css';

export interface ChangesOf {
  runId: string;
  /** Of this instance alone. */
  instanceId?: string;
  /** What has come since then, ISO 8601. */
  since?: string;
}

/** What was changed, as far as anybody knows; null: it is not asked for. */
export function useChanges(of: ChangesOf | null): Loaded<ChangesView> {
  const query = new URLSearchParams();
  if (of?.instanceId !== undefined) query.set('instance', of.instanceId);
  if (of?.since !== undefined) query.set('since', of.since);
  const words = query.toString();
  return useResource<ChangesView>(
    of === null ? null : `${apiPath('runs', of.runId, 'changes')}${words && `?${words}`}`,
  );
}

/** Whether there is anything to show. */
export function hasChanges({ data }: Loaded<ChangesView>): boolean {
  return data?.changes?.repositories.some(({ files }) => files.length > 0) ?? false;
}

/** Of a run; with `instanceId`, of that instance alone. `quiet`: nothing is said where there are none. */
export function Changes(props: ChangesOf & { quiet?: boolean }) {
  const { runId, instanceId, since, quiet = false } = props;
  const { data, error } = useChanges(props);
  if (!data) return error ? <FailureBox failure={error} /> : quiet ? null : <Pending rows={3} />;
  if (data.changes === null) {
    return quiet ? null : <Empty title="No changes to show">{data.reason}</Empty>;
  }
  const { repositories } = data.changes;
  if (repositories.every(({ files }) => files.length === 0)) {
    return quiet ? null : <Empty title="Nothing was changed" />;
  }
  const words = [
    ...['run', 'changes', '.', runId],
    ...(instanceId === undefined ? [] : [instanceId]),
    ...(since === undefined ? [] : ['--since', since]),
  ];
  return (
    <section className="panel" aria-label="Changes">
      {repositories.map(({ worktree, patch, of, shared_with: others }) => (
        <Repository
          key={`${worktree} ${of ?? ''}`}
          worktree={repositories.length > 1 ? worktree : null}
          of={of}
          others={others}
          patch={patch ?? ''}
        />
      ))}
      <p className="panel-body">
        <Command words={[...words, '--patch']} />
      </p>
    </section>
  );
}

interface RepositoryProps {
  worktree: string | null;
  /** The part that this is, where the work of a run does not fit together. */
  of: string | null;
  /** Who else was at work in the same working tree; null: it was its own. */
  others: string[] | null;
  patch: string;
}

function Repository({ worktree, of, others, patch }: RepositoryProps) {
  const files = useMemo(() => readPatch(patch), [patch]);
  const [added, removed] = [sum(files, 'added'), sum(files, 'removed')];
  return (
    <>
      <h2>
        Changes
        <span className="faint num">
          {files.length} {files.length === 1 ? 'file' : 'files'}
        </span>
        <Counts added={added} removed={removed} />
        {worktree !== null && <span className="faint mono ellipsis">{worktree}</span>}
        <span className="grow" />
        <CopyButton label="Copy as a patch" text={() => patch} />
      </h2>
      {of !== null && (
        <p className="diff-note">
          Apart from the rest, with which it does not fit together: <code>{of}</code>
        </p>
      )}
      {others !== null && (
        <p className="diff-note">
          Changed while this ran, in a working tree that it shares.{' '}
          {others.length > 0 &&
            `Also at work there, so that some of it may be theirs: ${others.join(', ')}.`}
        </p>
      )}
      {files.map((file, index) => (
        <File key={file.path} file={file} open={index < 8 && file.lines.length < 400} />
      ))}
    </>
  );
}

function sum(files: PatchFile[], of: 'added' | 'removed'): number {
  return files.reduce((total, file) => total + file[of], 0);
}

function Counts({ added, removed }: { added: number; removed: number }) {
  return (
    <span className="num diff-counts">
      <span className="tone-ok">+{added}</span> <span className="tone-bad">−{removed}</span>
    </span>
  );
}

const File = memo(function File({ file, open: first }: { file: PatchFile; open: boolean }) {
  const [open, setOpen] = useState(first);
  const { path, from, kind, binary, added, removed, lines } = file;
  return (
    <div className="diff-file">
      <button
        type="button"
        className="quiet diff-head"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Icon name={open ? 'down' : 'right'} size={14} />
        <span className="mono ellipsis">{from === null ? path : `${from} → ${path}`}</span>
        {kind !== 'changed' && <span className={`chip diff-${kind}`}>{kind}</span>}
        <Counts added={added} removed={removed} />
      </button>
      {open &&
        (binary || lines.length === 0 ? (
          <p className="panel-body faint">{binary ? 'Not text.' : 'No line of it was changed.'}</p>
        ) : (
          <Lines lines={lines} />
        ))}
    </div>
  );
});

const signs: Record<PatchLine['kind'], string> = {
  add: '+',
  del: '−',
  same: ' ',
  hunk: '',
  note: '',
};

function Lines({ lines }: { lines: PatchLine[] }) {
  return (
    <div className="diff-lines" tabIndex={0} role="group" aria-label="Lines">
      {lines.map(({ kind, text, before, after }, index) => (
        <div key={index} className={`diff-line ${kind}`}>
          <span className="diff-number" aria-hidden="true">
            {before}
          </span>
          <span className="diff-number" aria-hidden="true">
            {after}
          </span>
          <span className="diff-sign">{signs[kind]}</span>
          <code>{text}</code>
        </div>
      ))}
    </div>
  );
}
