/** The count at the end of `npm test` never looks better than the run was. */
import { expect, test } from 'vitest'
import {
  countLine,
  countTests,
  retriedLines,
  slowestLines,
  type TestFile,
  type TestReport,
} from '../../../scripts/setup/test-report.ts'

const file = (name: string, status: string, results: string[] = [], seconds = 1): TestFile => ({
  name,
  status,
  startTime: 1_000_000,
  endTime: 1_000_000 + seconds * 1_000,
  assertionResults: results.map((each) => ({
    title: 'X-1: it',
    status: each,
    failureMessages: [],
  })),
})

const green: TestReport = {
  success: true,
  numPassedTests: 3,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [file('a.test.ts', 'passed', ['passed'])],
}

test('a green run has no failure', () => {
  expect(countTests(green, 0)).toEqual({ passed: 3, failed: 0, skipped: 0, faults: [] })
})

test('failing tests are counted once, with the file that they stand in', () => {
  const report: TestReport = {
    ...green,
    success: false,
    numFailedTests: 2,
    testResults: [file('b.test.ts', 'failed', ['failed', 'failed'])],
  }
  expect(countTests(report, 1)).toMatchObject({ failed: 2, faults: [] })
})

test('a file that does not load is a failure', () => {
  const broken = file('c.test.ts', 'failed')
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

test('the slowest files are named, the slowest first', () => {
  const testResults = [3, 80, 21].map((seconds) =>
    file(`/project/test/${seconds}.test.ts`, 'passed', ['passed'], seconds),
  )
  expect(slowestLines({ ...green, testResults }, { from: '/project', count: 2 })).toEqual([
    '   80 s  test/80.test.ts',
    '   21 s  test/21.test.ts',
  ])
  expect(slowestLines(undefined, { from: '/project', count: 2 })).toEqual([])
})

test('what passed only the second time is named with what was wrong', () => {
  const again = { title: 'X-1: it', status: 'passed', failureMessages: ['Error: late\n    at x'] }
  const whole = file('/project/test/b.test.ts', 'passed', ['passed'])
  const testResults = [whole, { ...whole, assertionResults: [again] }]
  expect(retriedLines({ ...green, testResults }, '/project')).toEqual([
    'RETRIED test/b.test.ts: X-1: it: Error: late',
  ])
  const failed = { ...whole, assertionResults: [{ ...again, status: 'failed' }] }
  expect(retriedLines({ ...green, testResults: [failed] }, '/project')).toEqual([])
})
