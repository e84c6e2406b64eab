/** Decisions are numbered without gaps and have the same parts. */
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { inRoot } from '../../scripts/setup/paths.ts'

const parts = ['Status', 'Context', 'Decision', 'Consequences']

test('decisions are numbered in order and complete', () => {
  const folder = inRoot('docs', 'decisions')
  const names = readdirSync(folder)
    .filter((name) => name !== 'README.md')
    .sort()
  const wrong = names.flatMap((name, index) => {
    const number = String(index + 1).padStart(4, '0')
    const text = readFileSync(inRoot('docs', 'decisions', name), 'utf8')
    const headings = [...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)
    const fine =
      name.startsWith(`${number}-`) &&
      text.startsWith(`# ${number}. `) &&
      parts.every((part) => headings.includes(part))
    return fine ? [] : [name]
  })
  expect(names.length).toBeGreaterThan(0)
  expect(wrong).toEqual([])
})
