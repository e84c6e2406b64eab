/** `npm run bench -- NAME`: runs `bench/NAME.ts`, which prints its figures as JSON. */
import { existsSync, readdirSync } from 'node:fs'
import { inRoot } from './setup/paths.ts'
import { run } from './setup/run.ts'

const [name, ...args] = process.argv.slice(2)

if (
  name === undefined ||
  !/^[a-z][a-z-]*$/.test(name) ||
  !existsSync(inRoot('bench', `${name}.ts`))
) {
  const names = readdirSync(inRoot('bench'))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.slice(0, -3))
    .sort()
  console.error(`usage: npm run bench -- NAME; there are: ${names.join(', ') || 'none yet'}`)
  process.exitCode = 2
} else {
  const program = inRoot('bench', `${name}.ts`)
  const { code } = await run(process.execPath, ['--import', 'tsx', program, ...args])
  process.exitCode = code
}
