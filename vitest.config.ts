/**
 * How the tests run. Six projects: rules about the source itself, units, those that replace modules, whole
 * sites, the commands of the docs, browsers. The first three compute; the others wait for sites and pages much
 * of the time, so that two more of their files run than there are cores. Time limits are generous: no test
 * measures time.
 */
import { globSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { SlowFirst } from './test/support/slow-first.ts'

/** Files that put others in the place of modules want a process of their own. */
const replacing = globSync('test/unit/**/*.test.ts', { cwd: import.meta.dirname }).filter((path) =>
  readFileSync(join(import.meta.dirname, path), 'utf8').includes('vi.mock('),
)

/** The others share what they import: half of their time would go into loading it again. */
const sharing = { isolate: false, setupFiles: ['test/support/left-clean.ts'] }

const computing = { maxWorkers: availableParallelism(), sequence: { groupOrder: 0 } }

const waiting = {
  globalSetup: ['test/support/build-site.ts'],
  maxWorkers: availableParallelism() + 2,
  // Whole programs and browsers on a shared machine may stall; what is broken fails twice.
  retry: 1,
  testTimeout: 180_000,
  hookTimeout: 180_000,
  sequence: { groupOrder: 1 },
}

export default defineConfig({
  test: {
    // The last line counts; an empty run must not look green.
    passWithNoTests: false,
    sequence: { sequencer: SlowFirst },
    projects: [
      {
        test: {
          ...computing,
          name: 'tidy',
          include: ['test/tidy/**/*.test.ts'],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          ...computing,
          ...sharing,
          name: 'unit',
          include: ['test/{unit,contract,simulation}/**/*.test.ts'],
          exclude: replacing,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // Those that run at once start processes that compute.
          maxConcurrency: availableParallelism(),
        },
      },
      {
        test: {
          ...computing,
          name: 'replacing',
          include: replacing,
        },
      },
      {
        test: {
          ...waiting,
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
        },
      },
      {
        test: {
          ...waiting,
          name: 'docs',
          include: ['test/docs/**/*.test.ts'],
          maxConcurrency: 3,
          // A page's blocks build on each other: the second time they would meet what the first left.
          retry: 0,
        },
      },
      {
        test: {
          ...waiting,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
        },
      },
    ],
  },
})
