/** Dependencies between tasks, to add and to remove; control edges, to see. */
import { useState } from 'react';
import { Link } from 'wouter';
import type { GraphEdge, ProgramView } from '../../../api/program.ts';
import { sendJson } from '../../data/api.ts';
import { invalidate } from '../../data/resource.ts';
import { Confirm } from '../../parts/dialog.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Empty } from '../../parts/pieces.tsx';
import { NewEdge } from './new-edge.tsx';

export function Edges({ program }: { program: ProgramView }) {
  const [leaving, setLeaving] = useState<GraphEdge | null>(null);
  const { edges } = program;
  return (
    <div className="stack">
      <NewEdge program={program} />
      <div className="panel">
        {edges.length === 0 ? (
          <Empty title="No edges yet">
            Tasks that do not depend on each other run side by side.
          </Empty>
        ) : (
          <ul className="rows">
            {edges.map((edge) => {
              const dependency = edge.kind === 'order' || edge.kind === 'context';
              return (
                <li
                  key={`${edge.kind} ${edge.source} ${edge.target} ${edge.label ?? ''} ${edge.scope ?? ''}`}
                  className="row-link"
                >
                  <span className={`chip edge-kind ${dependency ? '' : 'tone-accent'}`}>
                    {edge.kind}
                  </span>
                  <span className="grow">
                    <Link href={`/program/tasks/${edge.source}`}>{edge.source}</Link>
                    <span aria-label="to"> → </span>
                    <Link href={`/program/tasks/${edge.target}`}>{edge.target}</Link>
                    <span className="row-sub">
                      {edge.label !== null && <span>when it chooses “{edge.label}”</span>}
                      {edge.consume.length > 0 && <span>hands over {edge.consume.join(', ')}</span>}
                      {edge.scope !== null && edge.scope !== edge.source && (
                        <span>as {edge.scope}</span>
                      )}
                    </span>
                  </span>
                  {dependency && (
                    <button
                      type="button"
                      className="quiet"
                      aria-label={`Remove ${edge.source} to ${edge.target}`}
                      onClick={() => setLeaving(edge)}
                    >
                      <Icon name="trash" />
                    </button>
                  )}
                </li>
              );
            })}
          </ul>
        )}
      </div>
      {leaving && (
        <Confirm
          title="Remove this dependency?"
          verb="Remove"
          danger
          onClose={() => setLeaving(null)}
          onConfirm={async () => {
            const { source, target, kind } = leaving;
            const query = new URLSearchParams({ source, target, kind });
            await sendJson('DELETE', `/api/program/edges?${query.toString()}`);
            invalidate('/api/program');
          }}
        >
          <p>
            <code>{leaving.target}</code> no longer waits for <code>{leaving.source}</code>. Its
            file is edited; an edit that would break the program is refused.
          </p>
        </Confirm>
      )}
    </div>
  );
}
