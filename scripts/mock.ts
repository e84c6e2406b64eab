/**
 * `npm run mock`: a coordinator that is none, for development. Every endpoint of the table answers in its
 * shape over a memory store; with `V1_UPSTREAM=mock` a site hands it what comes to `/v1/`. `--help`.
 */
import { parseArgs } from 'node:util'
import { startMock } from './mock/server.ts'

const usage = `Usage: npm run mock -- [options]

  --port PORT    where to listen on this machine (8090)
  --seed N       what its invented jobs are made from (1)
  --help         show this

Any key will do. Nothing is kept and nothing is true.`

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8090' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
})
const port = Number(values.port)
const seed = Number(values.seed)
if (values.help) console.log(usage)
else if (!Number.isInteger(port) || port < 0 || port > 65_535 || !Number.isSafeInteger(seed)) {
  console.error(usage)
  process.exitCode = 2
} else {
  const mock = await startMock({ port, seed })
  console.log(`The mock listens at ${mock.url}; for a site: V1_UPSTREAM=mock MOCK_URL=${mock.url}`)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => void mock.close().then(() => process.exit(0)))
  }
}
