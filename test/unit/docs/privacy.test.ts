/** The figures of the privacy page are those of the code. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { jobLimits } from '../../../core/jobs/limits.ts'
import { coordinatorLimits } from '../../../durable-objects/coordinator/limits.ts'
import { inRoot } from '../../../scripts/setup/paths.ts'

const page = readFileSync(inRoot('pages', 'docs', 'content', 'privacy.md'), 'utf8')
const dayMs = 86_400_000

test('questions and answers are kept as long as the page says', () => {
  expect(coordinatorLimits.retentionMs / dayMs).toBe(30)
  expect(page).toContain('| 30 days after the job ended |')
  expect(coordinatorLimits.unpaidRetentionMs / dayMs).toBe(1)
  expect(coordinatorLimits.unpaidKeptMax).toBe(100_000)
  expect(page).toContain('a day; less when there are more than 100 000 of them')
  expect(coordinatorLimits.retentionSweepMs).toBe(3_600_000)
  expect(page).toContain('Deleting runs once an hour.')
  expect(jobLimits.ttlSecondsMax).toBe(3_600)
  expect(page).toContain('at most an hour, the longest time that a job can be given')
})

test('what is kept of miners and addresses has the bounds that the page names', () => {
  expect(coordinatorLimits.minerNamesMax).toBe(8_192)
  expect(page).toContain('At most 8 192 of them.')
  expect(coordinatorLimits.socketsPerAddressMax).toBe(128)
  expect(page).toContain('at most 128 sockets from one address')
  const limit = /name = "ANONYMOUS_LIMIT"[^[]*simple = \{ limit = (\d+), period = (\d+) \}/.exec(
    readFileSync(inRoot('wrangler.toml'), 'utf8'),
  )
  expect(limit?.slice(1)).toEqual(['600', '60'])
  expect(page).toContain('the limit of 600 requests a minute')
  const cooldown = readFileSync(inRoot('durable-objects', 'faucet-cooldown.ts'), 'utf8')
  expect(cooldown).toMatch(/Max = 2_000\b/)
  expect(page).toContain('the newest 2 000 at most')
})

test('the page names every entry that the pages put into the storage of a browser', () => {
  const named = [...page.matchAll(/^\| `(aitbc:[a-z:-]+)` \|/gm)].map(([, key]) => key)
  const used = sourcesBelow(inRoot('pages')).flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(/'(aitbc:[a-z:-]+)'/g)].map(([, key]) => key),
  )
  expect(named.sort()).toEqual([...new Set(used)].sort())
})

test('no page of ours sets a cookie', () => {
  const code = [...sourcesBelow(inRoot('pages')), ...sourcesBelow(inRoot('workers'))]
  const setters = code.filter((path) =>
    /document\.cookie|cookieStore|(?:set|append)\(\s*'set-cookie'/i.test(
      readFileSync(path, 'utf8'),
    ),
  )
  expect(setters).toEqual([])
})

function sourcesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes('/dist/'))
}
