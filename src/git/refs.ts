/** The names of what a run keeps in the person's repository. Nothing of ours lies outside of `refs/codex-orch/`. */

export interface RunRefs {
  /** What ends in `/`: all refs of the run. */
  all: string;
  /** The commit that the run starts from. `place`: of its repository's working trees in this run, from 0. */
  base(place: number): string;
  /** The commit that an instance left. */
  instance(instanceId: string): string;
  /** The merge that an instance of several upstream ones starts from. */
  start(instanceId: string): string;
  /** What an instance that is not done had in its tree when that was removed. */
  left(instanceId: string): string;
  /** What stood in its tree when an attempt had ended with a question. */
  asked(instanceId: string, attempt: number): string;
  /** What stood in its tree when its attempt went to another machine, and what came back. */
  sent(instanceId: string): string;
  returned(instanceId: string): string;
  /** Commits that an agent made by itself, for reading. */
  own(instanceId: string): string;
  /** The merge of what nothing depends on, once the run is done. */
  result: string;
  /** A blob: the directory of the program that has the run, on this machine. */
  program: string;
  /** What comes before a branch of the remote: where this run has pushed it to. */
  pushed: string;
}

export const REF_ROOT = 'refs/codex-orch/';
/** For `GIT_REPLACE_REF_BASE`: squash commit → the merge that it stands for. */
export const REPLACE_ROOT = `${REF_ROOT}replace/`;

export function runRefs(runId: string): RunRefs {
  const all = `${REF_ROOT}${runId}/`;
  // A task's id may hold two dots, a ref may not; what tells instances apart is the hash at the end of theirs.
  const of = (instanceId: string): string => `${all}${instanceId.replace(/\.{2,}/g, '.')}`;
  return {
    all,
    base: (place) => (place === 0 ? `${all}base` : `${all}base-${place + 1}`),
    instance: of,
    start: (id) => `${of(id)}-start`,
    left: (id) => `${of(id)}-left`,
    asked: (id, attempt) => `${of(id)}-asked-${attempt}`,
    sent: (id) => `${of(id)}-sent`,
    returned: (id) => `${of(id)}-returned`,
    own: (id) => `${of(id)}-own`,
    result: `${all}result`,
    program: `${all}program`,
    pushed: `${all}pushed/`,
  };
}
