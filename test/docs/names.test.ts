/** What inline code names is there: scripts, options, variables, files. */
import { expect, test } from 'vitest'
import { inlineCodeOf, readKnown, unknownName } from './names.ts'
import { writtenPages } from './pages.ts'

const known = readKnown()

test.each(writtenPages())('DOC-6: $file names what exists', ({ markdown, firstLine }) => {
  const faults = inlineCodeOf(markdown, firstLine).flatMap(({ line, text }) => {
    const fault = unknownName(text, known)
    return fault === undefined ? [] : [`line ${line}: \`${text}\`: ${fault}`]
  })
  expect(faults).toEqual([])
})

test.each([
  ['npm run nothing', 'no script nothing'],
  ['npm run miner -- --nothing', 'no option --nothing'],
  ['npm run client -- --gpu none', 'no option --gpu'],
  ['--no-such-option', 'no option'],
  ['AITBC_NO_SUCH_VARIABLE=1', 'nothing reads'],
  ['core/chain/nothing.ts', 'no file'],
  ['nothing.toml', 'no file'],
])('DOC-6: `%s` is found out', (text, fault) => {
  expect(unknownName(text, known)).toContain(fault)
})

test.each([
  'npm run miner -- --id miner-A --gpu none',
  'npm start',
  '--gpu',
  'AITBC_HOME',
  'core/chain/engine.ts',
  'durable-objects/',
  'wrangler.toml',
  'npx wrangler secret put NAME --whatever',
])('DOC-6: `%s` is there', (text) => {
  expect(unknownName(text, known)).toBeUndefined()
})
