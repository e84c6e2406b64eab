/** `/rpc/blocks/import` over a real engine: what stands beside a block has to be true of it. */
import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { fromHex, toHex, toHex0x } from '../../../core/base/bytes.ts'
import { blockCoder, headerHash } from '../../../core/chain/block.ts'
import type { AppEnv } from '../../../workers/context.ts'
import { failureResponse } from '../../../workers/gateway/errors.ts'
import { rpcImportRoutes } from '../../../workers/routes/rpc-import.ts'
import { alice, bob, mustOpen, sign, timeOf, transfer } from '../../support/chain-world.ts'
import { createMemoryChainStore } from '../../support/memory-chain-store.ts'

/** Two blocks of an authority, each as a site would post it. */
function postedBlocks() {
  const engine = mustOpen({ store: createMemoryChainStore() })
  return [1, 2].map((slot) => {
    const message = transfer(bob.address, 5n)
    engine.submit([sign({ by: alice, nonce: BigInt(slot - 1), message })], timeOf(slot))
    const sent = engine.tick(timeOf(slot)).send.find((out) => out.kind === 'block')
    if (sent?.kind !== 'block') throw new Error('no block was sent')
    const { header } = blockCoder.decode(sent.bytes).signedHeader
    return {
      height: Number(header.height),
      hash: toHex0x(headerHash(header)),
      parent_hash: toHex0x(header.parent),
      proposer: toHex(header.proposer),
      timestamp: '2026-11-23T12:00:00',
      tx_count: 1,
      block: toHex(sent.bytes),
    }
  })
}

/** A site that makes no blocks of its own. */
function createSite() {
  const engine = mustOpen({ store: createMemoryChainStore(), signer: undefined })
  const node = {
    block: async (at: number | Uint8Array) =>
      typeof at === 'number' ? engine.blockAt(at) : engine.block(at),
    importBlock: async (bytes: Uint8Array) => {
      const done = engine.importBlock({ bytes, certificate: undefined }, timeOf(4))
      return done.ok ? { ok: true, deserted: 0 } : { ok: false, ...done.error }
    },
  }
  const env = { CHAIN_NODE: { idFromName: () => '', get: () => node } }
  const app = new Hono<AppEnv>().route('/', rpcImportRoutes)
  app.onError(failureResponse)
  return {
    engine,
    post: async (body: unknown) => {
      const headers = { 'content-type': 'application/json' }
      const init = { method: 'POST', headers, body: JSON.stringify(body) }
      const response = await app.request('/blocks/import', init, env as never)
      return { status: response.status, json: await response.json() }
    },
  }
}

test('PEER-17: a block under the hash, height or parent of another is refused, and not taken', async () => {
  const [first, second] = postedBlocks()
  if (!first || !second) throw new Error('no blocks')
  const site = createSite()
  const untrue = [{ hash: second.hash }, { height: 2 }, { block: second.block }]
  for (const change of untrue) {
    expect(await site.post({ ...first, ...change })).toMatchObject({
      status: 400,
      json: { error: { code: 'BLOCK_HASH_INVALID' } },
    })
  }
  expect(site.engine.head().height).toBe(0)
  expect(await site.post(first)).toMatchObject({ status: 200, json: { status: 'imported' } })
  expect(site.engine.head()).toMatchObject({ height: 1, hash: bytesOf(first.hash) })
})

const bytesOf = (text: string): Uint8Array => {
  const bytes = fromHex(text, 32)
  if (!bytes.ok) throw new Error('no hash')
  return bytes.value
}
