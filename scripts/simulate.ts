/** `npm run simulate`: whole networks in virtual time; see test/simulation/cluster/main.ts. */
import { inRoot } from './setup/paths.ts'
import { run } from './setup/run.ts'

const program = inRoot('test', 'simulation', 'cluster', 'main.ts')
const { code } = await run(process.execPath, ['--import', 'tsx', program, ...process.argv.slice(2)])
process.exitCode = code
