import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type JournalRelease, openJournal } from '../../../miner-agent/journal.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'journal-'))
  path = join(folder, 'releases', 'm.ndjson')
})
afterEach(() => rmSync(folder, { recursive: true }))

const release = (id: number): JournalRelease => ({
  kind: 'release',
  attempt_id: `a${id}`,
  job_id: `b${id}`,
  api: '127.0.0.1:18000',
  genesis_hash: 'aa',
  authorisation: 'aa',
  authorisation_signature: 'aa',
  release: 'aa',
  release_signature: 'aa',
  receipt: 'aa',
  receipt_signature: 'aa',
  amount: '100',
  settle_by: '5',
  received_at_ms: id,
})
const settled = (id: number) =>
  ({ kind: 'settled', attempt_id: `a${id}`, tx_hash: 'ff', block_height: 3, at_ms: 9 }) as const

describe('the journal of releases', () => {
  test('what is open outlives the program, what is settled does not come back', async () => {
    const first = await openJournal(path)
    await Promise.all([first.add(release(1)), first.add(release(2)), first.add(release(3))])
    await first.close(settled(2))
    expect(first.openAmount()).toBe(200n)
    await first.end()
    const second = await openJournal(path)
    expect(second.open()).toEqual([release(1), release(3)])
    await second.end()
  })

  test('it is readable by its owner alone', async () => {
    const journal = await openJournal(path)
    await journal.add(release(1))
    await journal.end()
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(join(folder, 'releases')).mode & 0o777).toBe(0o700)
  })

  test('a line cut short loses that line only, and the damaged file is kept', async () => {
    const first = await openJournal(path)
    await first.add(release(1))
    await first.end()
    appendFileSync(path, JSON.stringify(release(2)).slice(0, 50))
    const second = await openJournal(path)
    expect(second.open()).toEqual([release(1)])
    await second.add(release(3))
    await second.end()
    const third = await openJournal(path)
    expect(third.open()).toEqual([release(1), release(3)])
    await third.end()
    expect(existsSync(`${path}.damaged`)).toBe(true)
  })

  test('a promise kept is a line on the disk', async () => {
    const journal = await openJournal(path)
    await journal.add(release(1))
    expect(readFileSync(path, 'utf8')).toContain('"a1"')
    await journal.close(settled(1))
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(3)
    await journal.end()
  })

  test('closed entries do not pile up for ever', async () => {
    const first = await openJournal(path)
    for (let id = 0; id < 1_100; id++) {
      void first.add(release(id))
      if (id > 0) void first.close(settled(id))
    }
    await first.end()
    expect(statSync(path).size).toBeGreaterThan(100_000)
    const second = await openJournal(path)
    expect(second.open()).toEqual([release(0)])
    expect(statSync(path).size).toBeLessThan(1_000)
    await second.end()
  })

  test('a note of a signature outlives a restart and a new file, until its time is over', async () => {
    const note = (job: string, settleBy: string) =>
      ({
        kind: 'signed',
        genesis_hash: 'aa',
        authorisation: 'bb',
        job_id: job,
        attempt: 1,
        of: 'whole',
        settle_by: settleBy,
      }) as const
    const first = await openJournal(path)
    await first.sign(note('01', '10'))
    await first.sign(note('02', '90'))
    expect(readFileSync(path, 'utf8')).toContain('"signed"')
    expect(first.sign(note('01', '10'))).toBeUndefined()
    expect(first.sign({ ...note('01', '10'), of: 'part' })).toBeDefined()
    await first.end()
    appendFileSync(path, 'torn')
    const second = await openJournal(path)
    expect(second.hasSigned(note('01', '10'))).toBe(true)
    await second.forgetSigned('cc', 50n)
    await second.forgetSigned('aa', 50n)
    await second.end()
    const third = await openJournal(path)
    expect(third.hasSigned(note('01', '10'))).toBe(false)
    expect(third.hasSigned(note('02', '90'))).toBe(true)
    await third.end()
  })
})
