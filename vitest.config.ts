/**
 * How the tests run. Five projects, from fast and parallel to slow and careful: rules about the
 * source itself, units, whole sites, the commands of the docs, browsers. Time limits are generous: no test measures time.
 */
import { defineConfig } from 'vitest/config'

const slow = { testTimeout: 180_000, hookTimeout: 180_000 }

export default defineConfig({
  test: {
    // The last line counts; an empty run must not look green.
    passWithNoTests: false,
    projects: [
      {
        test: {
          name: 'tidy',
          include: ['test/tidy/**/*.test.ts'],
          testTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'unit',
          include: ['test/{unit,contract,simulation}/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: ['test/support/build-site.ts'],
          maxWorkers: 2,
          // Whole programs on a shared machine may stall; what is broken fails twice.
          retry: 1,
          sequence: { groupOrder: 1 },
          ...slow,
        },
      },
      {
        test: {
          name: 'docs',
          maxConcurrency: 3,
          include: ['test/docs/**/*.test.ts'],
          globalSetup: ['test/support/build-site.ts'],
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
          ...slow,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          // A browser on a shared machine may stall for seconds; what is broken fails twice.
          retry: 1,
          globalSetup: ['test/support/build-site.ts'],
          // Most of their time goes by waiting for pages.
          maxWorkers: 2,
          sequence: { groupOrder: 3 },
          ...slow,
        },
      },
    ],
  },
})
