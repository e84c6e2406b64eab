/**
 * `npm test`: the checks, then every test. Arguments go to vitest as filters (`npm test -- ledger`).
 *
 * The last line is `N passed, N failed`, where a failing check, a test file that does not load and a
 * crash of the test runner each count as a failure.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSite } from './setup/build.ts'
import { runChecks } from './setup/checks.ts'
import { binary } from './setup/paths.ts'
import { run } from './setup/run.ts'
import { countLine, countTests, type TestCount, type TestReport } from './setup/test-report.ts'

const faults = (await runChecks(['types', 'lint'])).map((check) => `check ${check}`)
try {
  await buildSite()
} catch (error) {
  console.log(error instanceof Error ? error.message : error)
  faults.push('build')
}

const count = await runTests(process.argv.slice(2))
for (const fault of [...faults, ...count.faults]) console.log(`FAILED ${fault}`)
const failed = count.failed + faults.length
console.log(countLine({ ...count, failed }))
process.exitCode = failed === 0 ? 0 : 1

async function runTests(filters: string[]): Promise<TestCount> {
  const folder = mkdtempSync(join(tmpdir(), 'aitbc-test-'))
  const path = join(folder, 'report.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${path}`]
  try {
    const { code } = await run(binary('vitest'), ['run', ...reporters, ...filters])
    return countTests(readReport(path), code)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function readReport(path: string): TestReport | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as TestReport
  } catch {
    return undefined
  }
}
