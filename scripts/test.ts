/**
 * `npm test`: checks and build, then every test. Arguments go to vitest as filters (`npm test -- ledger`).
 *
 * The last line is `N passed, N failed`, where a failing check, a test file that does not load and a
 * crash of the test runner each count as a failure.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSite } from './setup/build.ts'
import { runChecks } from './setup/checks.ts'
import { binary, inRoot, root } from './setup/paths.ts'
import { run } from './setup/run.ts'
import {
  countLine,
  countTests,
  retriedLines,
  slowestLines,
  type TestCount,
  type TestReport,
} from './setup/test-report.ts'

/** How many of the slowest files are named. */
const slowestShown = 10

const [checks, buildFault] = await Promise.all([
  runChecks(['types', 'lint']),
  buildSite().then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  ),
])
const faults = checks.map((check) => `check ${check}`)
if (buildFault !== undefined) {
  console.log(buildFault)
  faults.push('build')
}

const count = await runTests(process.argv.slice(2))
if (count.slowest.length > 0) console.log(`The slowest files:\n${count.slowest.join('\n')}`)
for (const line of count.retried) console.log(line)
for (const fault of [...faults, ...count.faults]) console.log(`FAILED ${fault}`)
const failed = count.failed + faults.length
console.log(countLine({ ...count, failed }))
process.exitCode = failed === 0 ? 0 : 1

async function runTests(
  filters: string[],
): Promise<TestCount & { slowest: string[]; retried: string[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'aitbc-test-'))
  const path = join(folder, 'report.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${path}`]
  try {
    // Most of what the tests start loads the same code again and again.
    const env = { NODE_COMPILE_CACHE: inRoot('.cache', 'node') }
    const { code } = await run(binary('vitest'), ['run', ...reporters, ...filters], { env })
    const report = readReport(path)
    return {
      ...countTests(report, code),
      slowest: slowestLines(report, { from: root, count: slowestShown }),
      retried: retriedLines(report, root),
    }
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
