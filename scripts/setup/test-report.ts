/** Counting what a run of the tests found, from vitest's JSON report and exit code. */
import { relative } from 'node:path'

/** As much of the report as counting needs. */
export type TestReport = {
  success: boolean
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: TestFile[]
}

export type TestFile = {
  /** Absolute path. */
  name: string
  status: string
  /** Milliseconds since 1970. */
  startTime: number
  endTime: number
  assertionResults: TestResult[]
}

export type TestResult = {
  title: string
  status: string
  /** Of every try, also of a test that passed in the end. */
  failureMessages: string[]
}

export type TestCount = {
  passed: number
  failed: number
  skipped: number
  /** What failed besides tests, for people. */
  faults: string[]
}

/**
 * Counts a run. A file that fails without a failing test (it does not load, or does not clean up)
 * is a failure; so is a run that ends badly with every test passing, and one without a report.
 */
export function countTests(report: TestReport | undefined, exitCode: number): TestCount {
  if (report === undefined) {
    const fault = `vitest ended with exit code ${exitCode} and without a report`
    return { passed: 0, failed: 1, skipped: 0, faults: [fault] }
  }
  const faults = report.testResults
    .filter(({ status, assertionResults }) => {
      return status === 'failed' && !assertionResults.some((test) => test.status === 'failed')
    })
    .map(({ name }) => `${name} did not load or clean up`)
  // An unhandled rejection or a lost worker fails the run but no test.
  if (report.numFailedTests + faults.length === 0 && (exitCode !== 0 || !report.success)) {
    faults.push(`vitest ended with exit code ${exitCode}`)
  }
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + faults.length,
    skipped: report.numPendingTests + report.numTodoTests,
    faults,
  }
}

/** The files that took longest, a line each, with paths from `from`, so that the suite does not grow slow unseen. */
export function slowestLines(
  report: TestReport | undefined,
  { from, count }: { readonly from: string; readonly count: number },
): string[] {
  const files = (report?.testResults ?? []).map(({ name, startTime, endTime }) => ({
    name: relative(from, name),
    seconds: Math.round((endTime - startTime) / 1_000),
  }))
  return files
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, count)
    .map(({ name, seconds }) => `${String(seconds).padStart(5)} s  ${name}`)
}

/** The tests that passed only when they ran again, with what was wrong before: they want mending. */
export function retriedLines(report: TestReport | undefined, from: string): string[] {
  return (report?.testResults ?? []).flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status, failureMessages }) => status === 'passed' && failureMessages.length > 0)
      .map(({ title, failureMessages: [first = ''] }) => {
        const [why = ''] = first.split('\n')
        return `RETRIED ${relative(from, name)}: ${title}: ${why.slice(0, 200)}`
      }),
  )
}

/** The last line of `npm test`. */
export function countLine({ passed, failed, skipped }: Omit<TestCount, 'faults'>): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}
