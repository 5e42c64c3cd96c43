/** What an attempt's way over the server is called there. Pure. */

/** The queue that one host alone serves. */
export function hostQueue(queue: string, host: string): string {
  return `${queue}@${host}`;
}

/** `<run>/<instance>/<attempt>` and a generation. `take` 0: the attempt itself; else the n-th taking up of it. */
export function activityId(id: string, generation: number, take: number): string {
  return take === 0 ? `${id}.${generation}` : `${id}.${generation}/take-${take}`;
}
