/**
 * What nearly all instances hold of what few have any of: one for all of perhaps 100,000. Nobody changes a list or a
 * record that an instance holds; another takes its place.
 */
export const none: readonly never[] = [];
export const unbound: Readonly<Record<string, string>> = {};

/** The record itself, or what stands for all that are empty. */
export function bindings(
  bound: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  if (bound === unbound) return bound;
  for (const name in bound) if (Object.hasOwn(bound, name)) return bound;
  return unbound;
}
