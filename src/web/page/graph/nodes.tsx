/** A task in a graph, and the frames around loops and blocks. */
import { Handle, NodeToolbar, Position, type Node, type NodeProps } from '@xyflow/react';
import { memo, useContext, useEffect, useRef, useState, type HTMLAttributes } from 'react';
import { Link } from 'wouter';
import { Icon } from '../parts/icons.tsx';
import { OutputTail } from '../parts/output-tail.tsx';
import { StatusBar, type StatusCount } from '../parts/status-bar.tsx';
import { StatusGlyph, statusTone, statusWord } from '../parts/status.tsx';
import { Took } from '../parts/time.tsx';
import type { Direction, Frame } from './layout.ts';
import { FoldContext } from './fold-context.ts';
import { FoldedFace, ItemsFace } from './folded-face.tsx';
import { useFrameLook, useNodeLook, type NodeLook } from './looks.ts';

type TaskNodeData = { direction: Direction; linked: boolean };
export type TaskFlowNode = Node<TaskNodeData, 'task'>;
/** `members`: of a folded one, what it stands for. */
export type FrameFlowNode = Node<
  { direction: Direction; kind: Frame['kind']; members: string[] | null },
  'frame'
>;
export type HeadFlowNode = Node<
  { frame: string; kind: Frame['kind']; folded: boolean; count: number },
  'head'
>;

/** Dependencies and control edges meet a node at different places, so that they are told apart. */
function Handles({ direction }: { direction: Direction }) {
  const across = direction === 'across';
  const [input, output, back] = across
    ? [Position.Left, Position.Right, Position.Bottom]
    : [Position.Top, Position.Bottom, Position.Right];
  const along = across ? 'top' : 'left';
  return (
    <>
      <Handle id="in" type="target" position={input} style={{ [along]: '38%' }} />
      <Handle id="out" type="source" position={output} style={{ [along]: '38%' }} />
      <Handle id="control-in" type="target" position={input} style={{ [along]: '68%' }} />
      <Handle id="control-out" type="source" position={output} style={{ [along]: '68%' }} />
      <Handle id="back-in" type="target" position={back} />
      <Handle id="back-out" type="source" position={back} />
    </>
  );
}

const restMs = 350;

/** Whether the mouse or the focus rests on it. */
function useRest(): [
  boolean,
  Pick<HTMLAttributes<HTMLElement>, 'onMouseEnter' | 'onMouseLeave' | 'onFocus' | 'onBlur'>,
] {
  const [rests, setRests] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const begin = (): void => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setRests(true), restMs);
  };
  const end = (): void => {
    clearTimeout(timer.current);
    setRests(false);
  };
  return [rests, { onMouseEnter: begin, onMouseLeave: end, onFocus: begin, onBlur: end }];
}

export const TaskNode = memo(function TaskNode({ id, data }: NodeProps<TaskFlowNode>) {
  const look = useNodeLook(id);
  const [rests, on] = useRest();
  if (!look) return null;
  const tone = look.status ? statusTone(look.status) : 'plain';
  const className = `task-node edge-${tone}${look.faint ? ' is-faint' : ''}${look.selected ? ' is-selected' : ''}`;
  return (
    <>
      {look.onPick ? (
        <button
          type="button"
          className={className}
          aria-pressed={look.selected}
          onClick={look.onPick}
        >
          <Face id={id} look={look} />
        </button>
      ) : look.href ? (
        <Link href={look.href} className={className} draggable={false} {...on}>
          <Face id={id} look={look} />
        </Link>
      ) : (
        <div className={className}>
          <Face id={id} look={look} />
        </div>
      )}
      {rests && look.attempt !== null && (
        <NodeToolbar isVisible position={Position.Bottom} className="node-tail">
          <Tail attempt={look.attempt} />
        </NodeToolbar>
      )}
      {data.linked && <Handles direction={data.direction} />}
    </>
  );
});

const tailLines = 8;

function Tail({ attempt }: { attempt: string }) {
  const [runId = '', instanceId = '', number = '0'] = attempt.split(' ');
  return (
    <OutputTail runId={runId} instanceId={instanceId} attempt={Number(number)} most={tailLines} />
  );
}

function Face({ id, look }: { id: string; look: NodeLook }) {
  const { title, sub, kind, status, word, since, until, count, items } = look;
  return (
    <>
      {status ? (
        <StatusGlyph status={status} size={18} />
      ) : (
        kind === 'work' && <span className="task-dot" aria-hidden="true" />
      )}
      {kind !== 'work' && !status && <Icon name={kind} size={18} />}
      <span className="task-face">
        <span className="task-title" title={`${title} (${id})`}>
          {title}
        </span>
        <span className="task-sub">
          {status && (
            <span className={`task-word tone-${statusTone(status)}`}>
              {word ?? statusWord(status)}
            </span>
          )}
          {since && <Took from={since} to={until} />}
          <span className="ellipsis">{sub}</span>
        </span>
        {items !== null && <StatusBar counts={JSON.parse(items) as StatusCount[]} />}
      </span>
      {kind !== 'work' && status && (
        <span
          className="task-kind"
          title={kind === 'loop' ? 'Decides whether to loop' : 'Chooses a route'}
        >
          <Icon name={kind} size={14} />
        </span>
      )}
      {count > 1 && (
        <span className="count" title={items === null ? `${count} instances` : `${count} items`}>
          ×{count}
        </span>
      )}
    </>
  );
}

/** Above the lines that cross the frame, because it holds buttons. */
export const FrameHead = memo(function FrameHead({ data }: NodeProps<HeadFlowNode>) {
  const { frame, kind, folded, count } = data;
  const look = useFrameLook(frame);
  const toggle = useContext(FoldContext);
  const title = kind === 'block' ? `${count} ${look?.title.toLowerCase()}` : look?.title;
  return (
    <div className="frame-head">
      <button
        type="button"
        className="quiet frame-fold nopan"
        aria-expanded={!folded}
        title={folded ? 'Show what is in it' : 'Fold to one'}
        onClick={() => toggle(frame)}
      >
        <Icon name={folded ? 'right' : 'down'} size={14} />
        <Icon name={kind === 'loop' ? 'loop' : 'runs'} size={15} />
        <span className="ellipsis" title={title}>
          {title}
        </span>
      </button>
      {look?.detail}
      {kind === 'region' && !folded && (
        <span className="faint">{look?.items?.sub ?? 'each item'}</span>
      )}
    </div>
  );
});

export const FrameNode = memo(function FrameNode({ id, data }: NodeProps<FrameFlowNode>) {
  const { kind, direction, members } = data;
  const items = useFrameLook(id)?.items ?? null;
  return (
    <div className={`frame-node ${kind}`}>
      {members && (items ? <ItemsFace items={items} /> : <FoldedFace members={members} />)}
      {(kind === 'block' || members) && <Handles direction={direction} />}
    </div>
  );
});
