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

/** As much of vitest's JSON report as counting needs. */
type Report = {
  success: boolean
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: { name: string; status: string; assertionResults: { status: string }[] }[]
}

type Count = { passed: number; failed: number; skipped: number }

const failures = (await runChecks(['types', 'lint'])).map((check) => `check ${check}`)
try {
  await buildSite()
} catch (error) {
  console.log(error instanceof Error ? error.message : error)
  failures.push('build')
}

const count = await runTests(process.argv.slice(2))
for (const failure of failures) console.log(`FAILED ${failure}`)
const failed = count.failed + failures.length
const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : ''
console.log(`${count.passed} passed, ${failed} failed${skipped}`)
process.exitCode = failed === 0 ? 0 : 1

async function runTests(filters: string[]): Promise<Count> {
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

function countTests(report: Report | undefined, code: number): Count {
  if (report === undefined) {
    console.log(`FAILED vitest ended with exit code ${code} and without a report`)
    return { passed: 0, failed: 1, skipped: 0 }
  }
  const unloaded = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  )
  for (const { name } of unloaded) console.log(`FAILED ${name} did not load or clean up`)
  let failed = report.numFailedTests + unloaded.length
  // An error outside any test (an unhandled rejection, a lost worker) fails the run but no test.
  if (failed === 0 && (code !== 0 || !report.success)) {
    console.log(`FAILED vitest ended with exit code ${code}`)
    failed = 1
  }
  return {
    passed: report.numPassedTests,
    failed,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

function readReport(path: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Report
  } catch {
    return undefined
  }
}
