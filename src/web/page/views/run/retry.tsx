/** The button that forces one instance: in its session, in a new one, or all over from where it began. */
import { useState } from 'react';
import type { RetryBody } from '../../../api/instance.ts';
import type { ActionResult } from '../../../api/run.ts';
import type { Instance } from '../../../../model/run.ts';
import { apiPath, sendJson } from '../../data/api.ts';
import { Choice } from '../../parts/choice.tsx';
import { Confirm } from '../../parts/dialog.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Command } from '../../parts/pieces.tsx';

type How = 'session' | 'new-session' | 'fresh';

const bodies: Record<How, RetryBody> = {
  session: {},
  'new-session': { new_session: true },
  fresh: { fresh: true },
};
const flags: Record<How, string[]> = {
  session: [],
  'new-session': ['--new-session'],
  fresh: ['--fresh'],
};
const words: Record<How, [what: string, note: string]> = {
  session: ['Go on', 'in the agent’s session, which knows what was done'],
  'new-session': ['New session', 'the whole prompt again, on the files as they stand'],
  fresh: ['Start over', 'a new session, and a fresh tree: what it has changed so far goes'],
};

/** Which ways make a difference for it. */
function waysOf({ session_id: session, workspace }: Instance): How[] {
  return [
    'session',
    ...(session === null ? [] : (['new-session'] as const)),
    ...(session === null && workspace === undefined ? [] : (['fresh'] as const)),
  ];
}

/** It has failed, or waits until it is tried again by itself. */
export function isRetryable({ status, waiting_reason: reason }: Instance): boolean {
  return status === 'failed' || (status === 'waiting' && reason === 'delay');
}

interface RetryButtonProps {
  runId: string;
  instance: Instance;
  isPrimary?: boolean;
  onDone: (message: string) => void;
}

export function RetryButton({ runId, instance, isPrimary = false, onDone }: RetryButtonProps) {
  const [asked, ask] = useState(false);
  const [how, choose] = useState<How>('session');
  const [grant, setGrant] = useState(1);
  const { instance_id: id, task_id: task, attempt } = instance;
  const isLimit = instance.failure_kind === 'loop_limit';
  const isDelayed = instance.status === 'waiting';
  return (
    <>
      <button type="button" className={isPrimary ? 'primary' : undefined} onClick={() => ask(true)}>
        <Icon name="retry" /> {isDelayed ? 'Try now' : 'Retry'}
      </button>
      {asked && (
        <Confirm
          title={isDelayed ? `Try ${task} now?` : `Retry ${task}?`}
          verb={isDelayed ? 'Try now' : 'Retry'}
          onClose={() => ask(false)}
          onConfirm={async () => {
            const path = apiPath('runs', runId, 'instances', id, 'retry');
            const body = isLimit ? { grant_iterations: grant } : bodies[how];
            onDone((await sendJson<ActionResult>('POST', path, body)).message);
          }}
        >
          <p>Attempt {attempt + 1} starts. What was skipped below it comes back.</p>
          {isLimit ? (
            <div className="field">
              <label htmlFor="grant">Further passes to grant</label>
              <input
                id="grant"
                type="number"
                min={1}
                value={grant}
                onChange={(event) => setGrant(Math.max(1, Number(event.target.value)))}
              />
            </div>
          ) : (
            <Ways ways={waysOf(instance)} chosen={how} onChoose={choose} />
          )}
          <Command
            words={[
              ...['run', 'retry-instance', '.', runId, id],
              ...(isLimit ? ['--grant-iterations', String(grant)] : flags[how]),
            ]}
          />
        </Confirm>
      )}
    </>
  );
}

function Ways(props: { ways: How[]; chosen: How; onChoose: (how: How) => void }) {
  const { ways, chosen, onChoose } = props;
  if (ways.length === 1) return null;
  return (
    <fieldset className="bare-fieldset stack tight">
      <legend className="sr">How</legend>
      {ways.map((each) => (
        <Choice
          key={each}
          name="how"
          title={words[each][0]}
          about={words[each][1]}
          isChosen={each === chosen}
          onChoose={() => onChoose(each)}
        />
      ))}
    </fieldset>
  );
}
