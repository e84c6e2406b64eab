/** Routes: registered by rows of the endpoint table, and read through them. */
import { expect, test } from 'vitest'
import { sourceFiles } from './sources.ts'

const reads =
  /\bc\.req\.(?:json|text|arrayBuffer|formData|query|queries)\b|\b(?:safeParse|validated|readJson)\(/g
const registers = /\.(?:get|post|put|delete|on)\(\s*\[?['"`]\/|\.on\(/

const routes = sourceFiles().filter(
  ({ path }) => path.startsWith('workers/routes/') && path.endsWith('.ts'),
)

/** Who may read past the row of its endpoint, and why. */
const apart: Readonly<Record<string, string>> = {
  'idempotency.ts': 'the hash of the whole body, beside its reading',
  'miner-desk.ts': 'the two forms of capabilities, and whether an id is one',
  'miners.ts': 'a name that the original puts beside its query',
  'ollama.ts': 'faults in the words of Ollama, of the very schemas of the rows',
  'openai.ts': 'faults in the words of OpenAI, of the very schemas of the rows',
  'reputation.ts': 'whether the path names a miner',
  'request.ts': 'the reader of the site',
  'rpc-blocks.ts': 'which of the two forms of a range is asked for',
  'rpc-import.ts': 'a fault that the original lists under another name',
  'rpc-input.ts': 'the reader of /rpc',
  'rpc-sync.ts': 'bytes',
  'services.ts': 'the schema of the service that the path names, and of the job that it becomes',
  'tools.ts': 'numbers in the spelling that was signed',
  'wallet-rpc.ts': 'faults in the shape of JSON-RPC, and parameters by method',
  'wallet.ts': 'whether the path names a wallet',
}

test('OPENAPI-9: paths are registered by the endpoint table alone', () => {
  const found = routes.filter(({ text }) => registers.test(text)).map(({ path }) => path)
  expect(found).toEqual(['workers/routes/mount.ts'])
})

test('OPENAPI-9: bodies and queries are read by the rows of their endpoints', () => {
  const found = routes
    .filter(({ text }) => text.match(reads))
    .map(({ path }) => path.replace('workers/routes/', ''))
  expect(found).toEqual(Object.keys(apart))
})
