/** How records are written to files: for people to read, and for `diff`. */
export function jsonFile(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
