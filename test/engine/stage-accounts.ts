/** Accounts of agents for a staged run, as a run on disk has them: their limits are files in a directory of the user. */
import { accountsOf } from '../../src/engine/accounts.ts';
import type { DrivenRun } from '../../src/engine/parts.ts';
import type { RunWriter } from '../../src/store/run-store.ts';
import type { Change } from './stage.ts';

/** One try at a time, as the locks of the user see to it. `globalRoot`: the directory, where it is known that there is one. */
export function accountsIn(globalRoot: string): Change {
  return (parts) => {
    const trying = new Set<string>();
    const run = parts.run as DrivenRun & RunWriter;
    const accounts = accountsOf({ session: run, env: { HOME: globalRoot }, globalRoot });
    const takeLocks = (id: string) => trying.size === 0 && Boolean(trying.add(id));
    const giveBack = (id: string) => void trying.delete(id);
    return { ...parts, attempts: { ...parts.attempts, accounts, takeLocks, giveBack } };
  };
}
