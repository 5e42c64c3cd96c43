/** What work costs the processor: unlike a clock, it does not go on while others have the machine. */

/** Milliseconds of the processor that this process took, garbage collection included. */
export async function processorMs(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
