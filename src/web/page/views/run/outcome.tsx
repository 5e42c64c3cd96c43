/** What came out of a run that is over, before how: results, published files, changes. What it cost stands in the head. */
import { useState } from 'react';
import { Link } from 'wouter';
import type { OutcomeItem, RunOutcome } from '../../../api/outcome.ts';
import type { RunView } from '../../../api/run.ts';
import { isJsonObject, stringifyJson, type Json } from '../../../../model/json.ts';
import { apiPath, filePath } from '../../data/api.ts';
import { useResource } from '../../data/resource.ts';
import { Changes } from '../../parts/changes.tsx';
import { Artifact } from '../../parts/artifact.tsx';
import { CopyButton } from '../../parts/copy-button.tsx';
import { JsonView } from '../../parts/json-view.tsx';
import { OutputTail } from '../../parts/output-tail.tsx';
import { Panel } from '../../parts/pieces.tsx';
import { StatusGlyph } from '../../parts/status.tsx';
import { OutcomeChecks } from './outcome-checks.tsx';

const openBytes = 20_000;
const tailLines = 12;

export function Outcome({ view }: { view: RunView }) {
  const { run } = view;
  const { data } = useResource<RunOutcome>(`${apiPath('runs', run.id)}/outcome`);
  if (!data) return null;
  const shown = data.results.filter(({ status }) => status === 'done');
  return (
    <section className="outcome" aria-label="What came out">
      {shown.map((item) => (
        <Result key={item.instance_id} item={item} view={view} />
      ))}
      <OutcomeChecks view={view} />
      {data.others.length > 0 && <Others items={data.others} runId={run.id} />}
      <div className="outcome-changes">
        <Changes runId={run.id} quiet />
      </div>
    </section>
  );
}

function Result({ item, view }: { item: OutcomeItem; view: RunView }) {
  const { instance_id: id, title, result, published, status } = item;
  const runId = view.run.id;
  const attempt = view.instances.find((each) => each.instance_id === id)?.attempt ?? 0;
  const nothing = result === null && published.length === 0;
  return (
    <Panel
      title={
        <>
          <StatusGlyph status={status} />
          <Link href={`/runs/${runId}/instances/${id}`} className="ellipsis">
            {title}
          </Link>
          {result !== null && (
            <>
              <span className="grow" />
              <CopyButton label="Copy the result" text={() => stringifyJson(result, 2)} />
            </>
          )}
        </>
      }
      label={`What came out of ${title}`}
    >
      {result !== null && (
        <div className="panel-body">
          <ResultValue value={result} />
        </div>
      )}
      {published.map((file, index) => (
        <Artifact
          key={file.relative_path}
          name={file.relative_path}
          size={file.size}
          render={file.render}
          href={filePath(
            `${apiPath('runs', runId, 'instances', id)}/published`,
            file.relative_path,
          )}
          open={index === 0 && file.size < openBytes}
        />
      ))}
      {nothing && (
        <div className="panel-body stack tight">
          <p className="faint">It left no result and published nothing. What it printed last:</p>
          <OutputTail runId={runId} instanceId={id} attempt={attempt} most={tailLines} />
        </div>
      )}
    </Panel>
  );
}

/** The sentence that most results have, and then the rest of it. */
function ResultValue({ value }: { value: Json }) {
  if (!isJsonObject(value)) return <JsonView value={value} />;
  const { summary, ...rest } = value;
  if (typeof summary !== 'string') return <JsonView value={value} />;
  return (
    <div className="stack tight">
      <p className="outcome-summary">{summary}</p>
      {Object.keys(rest).length > 0 && <JsonView value={rest} />}
    </div>
  );
}

const fewFiles = 5;

function Others({ items, runId }: { items: OutcomeItem[]; runId: string }) {
  const files = items.flatMap(({ instance_id: id, title, published }) =>
    published.map((file) => ({ id, title, file })),
  );
  const [all, showAll] = useState(false);
  if (files.length === 0) return null;
  const shown = all || files.length <= fewFiles + 1 ? files : files.slice(0, fewFiles);
  return (
    <Panel
      title={
        <>
          Published on the way <span className="count">{files.length}</span>
        </>
      }
      label="Published on the way"
    >
      {shown.map(({ id, title, file }) => (
        <Artifact
          key={`${id} ${file.relative_path}`}
          name={file.relative_path}
          note={title}
          size={file.size}
          render={file.render}
          href={filePath(
            `${apiPath('runs', runId, 'instances', id)}/published`,
            file.relative_path,
          )}
        />
      ))}
      {shown.length < files.length && (
        <p className="panel-body">
          <button type="button" className="link" onClick={() => showAll(true)}>
            Show all {files.length}
          </button>
        </p>
      )}
    </Panel>
  );
}
