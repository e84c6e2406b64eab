/** Snapshots as a site serves them, and another chain begun from what came over HTTP. */
import { expect, test } from 'vitest'
import type { SnapshotsJson } from '../../../core/api/schemas/snapshots.ts'
import { toHex0x } from '../../../core/base/bytes.ts'
import { openEngine } from '../../../core/chain/engine.ts'
import { genesisHash } from '../../../core/chain/genesis.ts'
import { beginInstall } from '../../../core/chain/snapshot-install.ts'
import { applyPull, pullRequest } from '../../../core/chain/sync.ts'
import { decodeAnswer, encodeAsk, syncVersion } from '../../../core/chain/sync-wire.ts'
import { nodeVerifier } from '../../support/chain-world.ts'
import { startHarness } from '../../support/harness.ts'
import { createMemoryChainStore } from '../../support/memory-chain-store.ts'
import {
  finalTransaction,
  genesisOf,
  get,
  richWallet,
  signTransfer,
  status,
  submit,
  until,
  walletOf,
} from './client.ts'

test('HOST-11: a site makes them beside its chain; another begins there and follows', async () => {
  await using site = await startHarness({ vars: { SNAPSHOT_EVERY: '2' } })
  const rich = richWallet(site)
  let nonce = 0
  const pay = async (number: number) => {
    const to = walletOf(9_000 + nonce)
    const bytes = signTransfer(site, rich, { to, amount: BigInt(number + 1), nonce: nonce++ })
    const [verdict] = await submit(site, [bytes])
    await finalTransaction(site, verdict?.tx_hash ?? '')
  }
  for (let number = 0; number < 3; number++) await pay(number)
  const list = await until(
    () => get<SnapshotsJson>(site, 'snapshots'),
    ({ json }) => json.snapshots.length > 0,
  )
  expect(list.json.every).toBe(2)
  const [shown] = list.json.snapshots
  if (!shown) throw new Error('a snapshot is listed')
  await site.restart()

  const read = async (part: string) => {
    const response = await fetch(`${site.url}/rpc/snapshots/${shown.height}${part}`)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/octet-stream')
    expect(response.headers.get('cache-control')).toContain('immutable')
    return new Uint8Array(await response.arrayBuffer())
  }
  const genesis = genesisOf(site)
  const store = createMemoryChainStore()
  const options = { store, genesis, verifier: nodeVerifier }
  const begun = beginInstall(options, await read(''))
  if (!begun.ok) throw new Error(begun.error.message)
  const install = begun.value
  for (let part = install.wanted(); part !== undefined; part = install.wanted()) {
    expect(install.take(await read(`/${part}`), Date.now())).toMatchObject({ ok: true })
  }
  const opened = openEngine({ ...options, signer: undefined })
  if (!opened.ok) throw new Error(opened.error.message)
  const engine = opened.value
  expect(toHex0x(engine.head().hash)).toBe(shown.hash)
  expect(toHex0x(engine.head().stateRoot)).toBe(shown.state_root)
  expect(engine.audit().entries).toBe(shown.entries)

  // What came since is pulled as by any other site.
  await pay(7)
  const hash = genesisHash(genesis)
  const hello = { version: syncVersion, genesisHash: hash, authority: undefined }
  const response = await fetch(`${site.url}/rpc/sync/pull`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: encodeAsk(hello, { ...pullRequest(engine), pooled: [] }) as Uint8Array<ArrayBuffer>,
  })
  const answer = decodeAnswer(new Uint8Array(await response.arrayBuffer()), hash)
  if (!answer.ok) throw new Error(answer.error.message)
  expect(applyPull(engine, answer.value.body, Date.now()).refused).toEqual([])
  expect(engine.head().height).toBeGreaterThan(shown.height)
  const block = await get<{ hash: string }>(site, `blocks/${engine.head().height}`)
  expect(block.json.hash).toBe(toHex0x(engine.head().hash))
  expect((await status(site)).head_height).toBeGreaterThanOrEqual(engine.head().height)
})
