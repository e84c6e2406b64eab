/** `npm run format`: formats the code and applies the linter's safe repairs. */
import { binary } from './setup/paths.ts'
import { run } from './setup/run.ts'

const paths = process.argv.slice(2)
const { code } = await run(binary('biome'), ['check', '--write', ...paths])
process.exitCode = code
