import fc from 'fast-check'
import { expect, test } from 'vitest'
import { receiptCoder } from '../../../core/chain/receipt.ts'
import { openReputations } from '../../../durable-objects/coordinator/reputations.ts'
import { createTables } from '../../../durable-objects/coordinator/schema.ts'
import type { Settings } from '../../../durable-objects/coordinator/settings.ts'
import { createSqliteStorage } from '../../support/sqlite-storage.ts'

const settings = {
  genesis: { parameters: { coordinatorShareBps: 500, market: undefined } },
} as unknown as Settings
const nowMs = 1_790_000_000_000
const minerId = 'miner-A'

/** A receipt whose payment is final at a height. */
function settle(database: ReturnType<typeof createSqliteStorage>, at: number, height: number) {
  const jobId = at.toString(16).padStart(32, '0')
  const hash = new Uint8Array(32).fill(at)
  const receipt = receiptCoder.encode({
    version: 1,
    receiptId: new Uint8Array(16),
    jobId: new Uint8Array(16).fill(at),
    attempt: 1,
    client: `client-${at % 5}`,
    coordinator: hash,
    minerKey: hash,
    miner: new Uint8Array(20),
    authorisation: hash,
    jobHash: hash,
    resultHash: hash,
    legacyHash: hash,
    model: 'test-model',
    promptTokens: 3,
    completionTokens: 10 + at,
    amount: 1_000_000n * BigInt(1 + at),
    startedAtMs: BigInt(nowMs - 60_000 - at),
    completedAtMs: BigInt(nowMs - 50_000),
  })
  const row = "VALUES (?, 'a', ?, '{}', '', 'stop', 3, 1, 5, 'r', ?, '{}', ?, ?, ?, ?)"
  const values = [jobId, minerId, hash, receipt, hash, hash, hash]
  database.sql.exec(`INSERT INTO results ${row}`, ...values)
  const paid = "INSERT INTO payments VALUES (?, 'settled', 5, 9, 1, 1, NULL, ?, ?)"
  database.sql.exec(paid, jobId, hash, height)
  database.sql.exec('INSERT INTO miner_receipts VALUES (?, ?, ?)', minerId, height, jobId)
}

test('REPUTE-1: read between payments that come in any order, it is what all receipts come to', () => {
  const heights = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 25 })
  fc.assert(
    fc.property(heights, fc.infiniteStream(fc.boolean()), (all, isRead) => {
      const database = createSqliteStorage()
      createTables(database)
      const parts = { database, settings, now: () => nowMs }
      const reputations = openReputations(parts)
      for (const [at, height] of all.entries()) {
        settle(database, at, height)
        reputations.settled(minerId, height)
        if (isRead.next().value) reputations.read(minerId)
      }
      const { reputation } = reputations.read(minerId)
      expect(reputation.receipts).toBe(all.length)
      expect(reputation).toEqual(openReputations(parts).read(minerId).reputation)
      database.close()
    }),
  )
})
