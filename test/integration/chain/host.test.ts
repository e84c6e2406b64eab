/** The chain object's promises: configuration, alarm, outbox. */
import { expect, test } from 'vitest'
import { toHex0x } from '../../../core/base/bytes.ts'
import { transactionHash } from '../../../core/chain/transaction.ts'
import { makeGenesis, siteKeys } from '../../../scripts/setup/genesis.ts'
import { startHarness } from '../../support/harness.ts'
import {
  chainObject,
  finalTransaction,
  get,
  richWallet,
  signTransfer,
  status,
  submit,
  type Talker,
  until,
  walletOf,
} from './client.ts'

type Problem = { error: { code: string; message: string } }

/** Sends a transfer and returns its hash. */
async function send(site: Talker, nonce: number): Promise<string> {
  const bytes = signTransfer(site, richWallet(site), { to: walletOf(nonce), amount: 9n, nonce })
  expect(await submit(site, [bytes])).toMatchObject([{ ok: true }])
  return toHex0x(transactionHash(bytes))
}

test('HOST-2: another genesis over a stored chain is refused, and the chain is as it was', async () => {
  await using site = await startHarness()
  await finalTransaction(site, await send(site, 0))
  const before = await get(site, 'head')
  const genesis = site.vars.GENESIS_JSON as string
  const other = makeGenesis({
    chainId: 'another-chain',
    nowMs: Date.now(),
    sites: [{ name: 'site-a', ...siteKeys(site.vars as Record<string, string>) }],
  })
  await site.restart({ GENESIS_JSON: JSON.stringify(other) })
  for (const path of ['head', 'status', 'mempool', `getBalance/${richWallet(site).text}`]) {
    const answer = await get<Problem>(site, path)
    expect([path, answer.status, answer.json.error.code]).toEqual([path, 503, 'CONFIG_INVALID'])
    expect(answer.json.error.message).toContain('another genesis')
  }
  await site.cron()
  await site.restart({ GENESIS_JSON: genesis })
  const block = await get(site, `blocks/${before.json.hash}`)
  expect(block.json).toMatchObject({ height: before.json.height, final: true })
  await finalTransaction(site, await send(site, 1))
})

test('HOST-3: the cron trigger alone brings a lost alarm back', async () => {
  await using site = await startHarness()
  const hash = await send(site, 0)
  // The new runtime has no alarm, and nothing but the cron trigger touches the object.
  await site.restart()
  await site.cron()
  const query = 'SELECT hash FROM chain_transactions WHERE hash = ?'
  await until(
    () => site.sql(query, hash.slice(2)),
    (rows) => rows.length === 1,
  )
})

test('HOST-3: an evicted object goes on where it was', async () => {
  await using site = await startHarness()
  for (const nonce of [0, 1, 2]) {
    const hash = await send(site, nonce)
    await site.evict(chainObject)
    await finalTransaction(site, hash)
  }
})

test('HOST-6: the read model holds every final block once, in order', async () => {
  await using site = await startHarness({ parameters: { heartbeatSlots: 1n } })
  await finalTransaction(site, await send(site, 0))
  await until(
    () => status(site),
    (now) => now.indexed_height >= 4,
  )
  const blocks = await site.sql(
    'SELECT height, hash, parent_hash FROM chain_blocks ORDER BY height',
  )
  const [meta] = await site.sql('SELECT * FROM chain_meta')
  expect(blocks.map(({ height }) => height)).toEqual(blocks.map((_, index) => index))
  for (const [index, block] of blocks.entries()) {
    if (index > 0) expect(block.parent_hash).toBe(blocks[index - 1]?.hash)
  }
  expect(blocks.length - 1).toBeGreaterThanOrEqual(meta?.indexed_height as number)
  const [sums] = await site.sql('SELECT SUM(balance) AS held FROM chain_accounts')
  const { supply } = await status(site)
  expect(String(sums?.held)).toBe(supply.held)
})

test('HOST-7: while the database is away the chain goes on, also over a restart, and it catches up', async () => {
  await using site = await startHarness()
  await finalTransaction(site, await send(site, 0))
  await until(
    () => status(site),
    (now) => now.indexed_height === now.final_height,
  )
  const { indexed_height: indexed } = await status(site)
  await site.breakDatabase()
  await finalTransaction(site, await send(site, 1))
  const away = await until(
    () => status(site),
    (now) => now.fault !== null,
  )
  expect(away.fault).toContain('read model')
  expect(away.indexed_height).toBe(indexed)
  const list = await get<Problem>(site, 'transactions')
  expect([list.status, list.json.error.code]).toEqual([503, 'DATABASE_UNAVAILABLE'])
  const range = await get<{ blocks: unknown[] }>(
    site,
    `blocks-range?start=0&end=${away.head_height}`,
  )
  expect(range.json.blocks.length).toBe(away.head_height + 1)
  // Thirty cron triggers are half an hour of trying.
  for (let minute = 0; minute < 30; minute++) await site.cron()
  await site.restart()
  await finalTransaction(site, await send(site, 2))
  expect((await status(site)).indexed_height).toBe(indexed)
  await site.restoreDatabase()
  await site.cron()
  const back = await until(
    () => status(site),
    (now) => now.indexed_height === now.final_height,
  )
  expect(back.fault).toBeNull()
  const rows = await site.sql('SELECT height, COUNT(*) AS n FROM chain_blocks GROUP BY height')
  expect(rows.map(({ height, n }) => [height, n])).toEqual(rows.map((_, at) => [at, 1]))
  const [count] = await site.sql('SELECT COUNT(*) AS n FROM chain_transactions')
  expect(count?.n).toBe(3)
})

test('HOST-8: a database that holds another chain is not written to', async () => {
  await using site = await startHarness()
  await finalTransaction(site, await send(site, 0))
  await until(
    () => status(site),
    (now) => now.indexed_height === now.final_height,
  )
  await site.sql("UPDATE chain_meta SET genesis_hash = 'ff'")
  const rows = () => site.sql('SELECT * FROM chain_blocks')
  const before = await rows()
  await site.restart()
  await finalTransaction(site, await send(site, 1))
  await site.cron()
  const { fault } = await until(
    () => status(site),
    (now) => now.fault !== null,
  )
  expect(fault).toContain('genesis ff')
  expect(await rows()).toEqual(before)
})

test('HOST-6: an emptied database is filled again from the start', async () => {
  await using site = await startHarness()
  await finalTransaction(site, await send(site, 0))
  await until(
    () => status(site),
    (now) => now.indexed_height === now.final_height,
  )
  const tables = await site.sql(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND (name LIKE 'chain~_%' ESCAPE '~' OR name = 'announcements')",
  )
  expect(tables.length).toBeGreaterThan(8)
  for (const { name } of tables) await site.sql(`DELETE FROM ${name}`)
  await finalTransaction(site, await send(site, 1))
  await site.cron()
  await until(
    () => status(site),
    (now) => now.indexed_height === now.final_height && now.fault === null,
  )
  const rows = await site.sql('SELECT height FROM chain_blocks ORDER BY height')
  expect(rows.map(({ height }) => height)).toEqual(rows.map((_, at) => at))
  expect(await site.sql('SELECT hash FROM chain_transactions')).toHaveLength(2)
})
