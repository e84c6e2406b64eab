/**
 * SIGKILL to the runtime at seeded instants, while transfers come in. With the eight instants of the
 * coordinator's own test they make fifty.
 */
import { expect, test } from 'vitest'
import { toHex } from '../../../core/base/bytes.ts'
import { startTestSite } from '../../support/site.ts'
import {
  genesisOf,
  get,
  pause,
  post,
  richWallet,
  signTransfer,
  status,
  type Talker,
  until,
  type Verdicts,
  walletOf,
} from './client.ts'

/**
 * Each seed gives the instant of a kill. Odd ones die within 150 ms after a slot begins, where the block
 * is made, stored and handed to the database; even ones anywhere in a slot.
 */
const seeds = [
  3, 8, 15, 22, 41, 57, 60, 73, 89, 94, 107, 118, 121, 136, 149, 152, 167, 170, 185, 198, 203, 214,
  229, 236, 247, 255, 262, 271, 284, 293, 306, 317, 322, 339, 344, 351, 368, 375, 386, 399, 402,
  411,
]

/** What a sender hears who has as many waiting as a sender may. */
const full = ['MEMPOOL_FULL', 'NONCE_TOO_FAR']

const amount = 11n
const recipient = walletOf(4_242)

test('HOST-4: killed at 42 instants, the chain loses nothing, pays nothing twice and goes on', async () => {
  await using site = await startTestSite()
  const rich = richWallet(site)
  const talker = { url: site.url, vars: site.vars }
  let accepted = 0
  let height = 0
  for (const seed of seeds) {
    const load = startLoad(talker, accepted)
    await pause(delayOf(seed, talker))
    await site.site.killRuntime()
    const sent = await load.stop()
    // An answer may be lost with the runtime while the transfer was kept: count by what the chain says.
    const account = await until(
      () => get<{ next_nonce: number }>(talker, `getBalance/${rich.text}`),
      (answer) => answer.status === 200,
    )
    expect(account.json.next_nonce, `seed ${seed}`).toBeGreaterThanOrEqual(sent.acknowledged)
    expect(account.json.next_nonce, `seed ${seed}`).toBeLessThanOrEqual(sent.asked)
    accepted = account.json.next_nonce
    const now = await status(talker)
    expect(now.head_height, `seed ${seed}`).toBeGreaterThanOrEqual(height)
    height = now.head_height
  }
  const expected = amount * BigInt(accepted)
  const { json } = await until(
    () => get<{ final_balance: string }>(talker, `getBalance/${recipient.text}`),
    (answer) => BigInt(answer.json.final_balance) >= expected,
  )
  expect(BigInt(json.final_balance)).toBe(expected)
  expect(accepted).toBeGreaterThan(seeds.length)
  await checkWhole(talker, accepted)
})

/** Heights without a gap, each transaction once in the read model, the supply conserved. */
async function checkWhole(talker: Talker, transactions: number): Promise<void> {
  const now = await until(
    () => status(talker),
    (state) => state.indexed_height === state.final_height && state.mempool_size === 0,
  )
  const { genesis, minted, burned, held } = now.supply
  expect(BigInt(held)).toBe(BigInt(genesis) + BigInt(minted) - BigInt(burned))
  const range = `blocks-range?start_height=0&end_height=${now.final_height}&limit=10000`
  const { json: blocks } = await get<
    { height: number; hash: string; parent_hash: string; tx_count: number }[]
  >(talker, range)
  expect(blocks.map(({ height }) => height)).toEqual(blocks.map((_, at) => at))
  for (const [at, block] of blocks.entries()) {
    if (at > 0) expect(block.parent_hash).toBe(blocks[at - 1]?.hash)
  }
  expect(blocks.reduce((sum, block) => sum + block.tx_count, 0)).toBe(transactions)
  const list = await get<{ total: number }>(talker, 'transactions?limit=1')
  expect(list.json.total).toBe(transactions)
}

/** Sends transfers one after the other until told to stop; failures to connect are part of the game. */
function startLoad(talker: Talker, firstNonce: number) {
  let stopping = false
  let asked = firstNonce
  let acknowledged = firstNonce
  let refusal: string | undefined
  const run = async () => {
    while (!stopping && refusal === undefined) {
      const nonce = acknowledged
      const bytes = signTransfer(talker, richWallet(talker), { to: recipient, amount, nonce })
      asked = nonce + 1
      const answer = await post<Verdicts>(talker, 'transactions', { txs: [toHex(bytes)] }).catch(
        () => undefined,
      )
      if (!answer) return
      const [verdict] = answer.json.verdicts
      if (verdict?.ok) acknowledged = nonce + 1
      // A sender may have only so many waiting: the next block makes room.
      else if (full.includes(verdict?.error?.code ?? '')) await pause(50)
      else refusal = verdict?.error?.code ?? 'no verdict'
    }
  }
  const done = run()
  return {
    stop: async () => {
      stopping = true
      await done
      expect(refusal).toBeUndefined()
      return { asked, acknowledged }
    },
  }
}

function delayOf(seed: number, talker: Talker): number {
  const random = ((seed * 2_654_435_761) >>> 0) / 2 ** 32
  if (seed % 2 === 0) return Math.floor(random * 2_000)
  const genesisMs = Number(genesisOf(talker).genesisTimeMs)
  const intoSlot = (Date.now() - genesisMs) % 2_000
  return 2_000 - intoSlot + Math.floor(random * 150)
}
