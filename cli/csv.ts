/** CSV as RFC 4180 has it: a header, fields in quotes where they hold commas, quotes or line ends. */

/** Rows as objects by the names in the header; empty fields are absent. */
export function readCsv(text: string): Record<string, string>[] {
  const [header = [], ...rows] = fieldsOf(text)
  return rows
    .filter((row) => row.some((field) => field !== ''))
    .map((row) => {
      const named = header.map((name, at) => [name.trim(), row[at] ?? ''] as const)
      return Object.fromEntries(named.filter(([name, field]) => name !== '' && field !== ''))
    })
}

function fieldsOf(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  const field = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r?\n|$)/y
  while (field.lastIndex < text.length) {
    const match = field.exec(text)
    if (!match) throw new SyntaxError(`row ${rows.length + 1}: a quote is not where it may be`)
    const [, value = '', end = ''] = match
    row.push(value.startsWith('"') ? value.slice(1, -1).replaceAll('""', '"') : value)
    if (end === ',') continue
    rows.push(row)
    row = []
    if (end === '') break
  }
  if (row.length > 0) rows.push([...row, ''])
  return rows
}
