/** Error codes: each is met by a test, by its name. */
import { expect, test } from 'vitest'
import { errorCodes } from '../../core/api/errors.ts'
import { type SourceFile, sourceFiles } from './sources.ts'

const isOurTest = ({ path }: SourceFile): boolean => /^test\/.*\.tsx?$/.test(path)

/** The codes that a text names. */
const namedIn = ({ text }: SourceFile): Set<string> =>
  new Set(text.match(/\b[A-Z][A-Z_]+[A-Z]\b/g)?.filter((word) => known.has(word)))
const known = new Set<string>(errorCodes)

test('every error code is named in a test, and not only where all of them are', () => {
  const named = sourceFiles().filter(isOurTest).map(namedIn)
  // A file that names every code, or nearly, is a list of them and reaches none.
  const met = new Set(
    named.filter(({ size }) => size < 0.9 * known.size).flatMap((codes) => [...codes]),
  )
  expect(errorCodes.filter((code) => !met.has(code))).toEqual([])
})
