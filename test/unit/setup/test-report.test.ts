/** The count at the end of `npm test` never looks better than the run was. */
import { expect, test } from 'vitest'
import { countLine, countTests, type TestReport } from '../../../scripts/setup/test-report.ts'

const green: TestReport = {
  success: true,
  numPassedTests: 3,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [{ name: 'a.test.ts', status: 'passed', assertionResults: [{ status: 'passed' }] }],
}

test('a green run has no failure', () => {
  expect(countTests(green, 0)).toEqual({ passed: 3, failed: 0, skipped: 0, faults: [] })
})

test('failing tests are counted once, with the file that they stand in', () => {
  const report: TestReport = {
    ...green,
    success: false,
    numFailedTests: 2,
    testResults: [
      {
        name: 'b.test.ts',
        status: 'failed',
        assertionResults: [{ status: 'failed' }, { status: 'failed' }],
      },
    ],
  }
  expect(countTests(report, 1)).toMatchObject({ failed: 2, faults: [] })
})

test('a file that does not load is a failure', () => {
  const broken = { name: 'c.test.ts', status: 'failed', assertionResults: [] }
  const report = { ...green, success: false, testResults: [...green.testResults, broken] }
  const { failed, faults } = countTests(report, 1)
  expect(failed).toBe(1)
  expect(faults).toEqual([expect.stringContaining('c.test.ts')])
})

test('an error outside any test is a failure', () => {
  expect(countTests(green, 1).failed).toBe(1)
  expect(countTests({ ...green, success: false }, 0).failed).toBe(1)
})

test('a run without a report is a failure', () => {
  expect(countTests(undefined, 0)).toMatchObject({ passed: 0, failed: 1 })
})

test('the line names skipped tests only when there are some', () => {
  expect(countLine({ passed: 3, failed: 0, skipped: 0 })).toBe('3 passed, 0 failed')
  const skipping = countTests({ ...green, numPendingTests: 1, numTodoTests: 1 }, 0)
  expect(countLine(skipping)).toBe('3 passed, 0 failed, 2 skipped')
})
