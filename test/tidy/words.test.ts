/** Words: one meaning each, and nothing in a file that belongs to one machine. */
import { expect, test } from 'vitest'
import { type SourceFile, sourceFiles } from './sources.ts'

// This file has to spell what it forbids.
const own = 'test/tidy/words.test.ts'

/** Synonyms that the glossary replaces, in the folders where they would mislead. */
const synonyms: { word: RegExp; say: string }[] = [
  { word: /\btasks?\b/i, say: 'job' },
  { word: /\bconfirmed\b/i, say: 'justified or final' },
  // Quoted, or as a field, it is a name of the original's.
  { word: /\bvalidators?\b(?![:'"`])/i, say: 'authority' },
  { word: /\bgas\b/i, say: 'fee' },
]
const glossaryFolders = /^(?:core|durable-objects|workers|d1|miner-agent|cli)\//

const machinePaths = /(?<![\w.:])\/(?:work|root|tmp|home\/\w+|Users\/\w+)\//
const registryHosts = /registry\.(?:npmjs|yarnpkg|npmmirror)|npm\.pkg\.github|unpkg\.com|jsdelivr/i
const leftovers = /\b(?:TODO|FIXME|XXX|HACK)\b/

test('no synonyms of the glossary', () => {
  const found = matches(
    sourceFiles().filter(({ path }) => glossaryFolders.test(path) && !path.includes('/models/')),
    ...synonyms.map(({ word }) => word),
  )
  expect(found).toEqual([])
})

test('no paths of a machine', () => {
  expect(matches(sourceFiles(), machinePaths)).toEqual([])
})

test('no registry or CDN host', () => {
  expect(matches(sourceFiles(), registryHosts)).toEqual([])
})

test('nothing left to do is hidden in a comment', () => {
  expect(matches(sourceFiles(), leftovers)).toEqual([])
})

test('no test is skipped or runs alone', () => {
  const tests = sourceFiles().filter(({ path }) => path.endsWith('.test.ts'))
  expect(matches(tests, /\b(?:test|it|describe)\.(?:only|todo|skip)\(/)).toEqual([])
})

/** `path:line: text` of every line that one of the patterns fits. */
function matches(files: SourceFile[], ...patterns: RegExp[]): string[] {
  return files
    .filter(({ path }) => path !== own)
    .flatMap(({ path, text }) =>
      text
        .split('\n')
        .map((line, index) => ({ line, index }))
        .filter(({ line }) => patterns.some((pattern) => pattern.test(line)))
        .map(({ line, index }) => `${path}:${index + 1}: ${line.trim().slice(0, 100)}`),
    )
}
