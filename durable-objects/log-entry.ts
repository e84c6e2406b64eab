/** What an object writes to the log of its site: one line of JSON each. */

/** Faults are warnings; what went well says `level: 'info'`. */
export function logEntry({ level, ...entry }: Readonly<Record<string, unknown>>): void {
  const line = JSON.stringify(entry)
  if (level === 'info') console.info(line)
  else console.warn(line)
}
