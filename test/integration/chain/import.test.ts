/** The original's two import routes, and the operator's word, on a real site among three authorities. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signRequest } from '../../../core/api/signed-request.ts'
import { fromHex, toHex, toHex0x } from '../../../core/base/bytes.ts'
import { blockCoder, headerHash } from '../../../core/chain/block.ts'
import { openEngine } from '../../../core/chain/engine.ts'
import { genesisHash } from '../../../core/chain/genesis.ts'
import { signerFromSeed } from '../../../core/crypto/ed25519.ts'
import { makeNetwork, type NetworkSite, networkVars } from '../../../scripts/setup/network.ts'
import { nodeVerifier } from '../../support/chain-world.ts'
import { type Harness, startHarness } from '../../support/harness.ts'
import { createMemoryChainStore } from '../../support/memory-chain-store.ts'
import { startProgram } from '../program.ts'
import { get, post } from './client.ts'

// A while ago: every authority has had its turn.
const network = makeNetwork({
  chainId: 'aitbc-import',
  nowMs: Date.now() - 600_000,
  authorities: ['here', 'there', 'silent'],
  followers: ['late'],
})
const [here, there, , late] = network.sites as [NetworkSite, NetworkSite, NetworkSite, NetworkSite]
const hash = genesisHash(network.genesis)
let site: Harness & AsyncDisposable

const signerOf = ({ secrets }: NetworkSite) => {
  const seed = fromHex(secrets['AUTHORITY_KEY'] ?? '', 32)
  if (!seed.ok) throw new Error('no seed')
  return signerFromSeed(seed.value)
}

/** Blocks that the other authority has made alone, one after the other. */
function blocksOf(count: number) {
  const opened = openEngine({
    store: createMemoryChainStore(),
    genesis: network.genesis,
    verifier: nodeVerifier,
    signer: signerOf(there),
  })
  if (!opened.ok) throw new Error(opened.error.message)
  const blocks: Uint8Array[] = []
  let nowMs = Number(network.genesis.genesisTimeMs)
  while (blocks.length < count) {
    nowMs = Math.max(nowMs + 2_000, opened.value.dueAtMs(nowMs + 2_000))
    for (const out of opened.value.tick(nowMs).send) {
      if (out.kind === 'block') blocks.push(out.bytes)
    }
  }
  return blocks.map(posted)
}

/** A block in the original's fields, and its bytes. */
function posted(bytes: Uint8Array) {
  const { header } = blockCoder.decode(bytes).signedHeader
  return {
    height: Number(header.height),
    hash: toHex0x(headerHash(header)),
    parent_hash: toHex0x(header.parent),
    proposer: toHex(header.proposer),
    timestamp: '2026-11-23T12:00:00',
    tx_count: 0,
    block: toHex(bytes),
  }
}

type Body = ReturnType<typeof posted>
const [first, second, third] = blocksOf(3) as [Body, Body, Body]

/** What a changed first byte of the signature is. */
const forged = ({ block }: Body): string => {
  const bytes = Uint8Array.from(Buffer.from(block, 'hex'))
  const { signedHeader, ...rest } = blockCoder.decode(bytes)
  const signature = signedHeader.signature.map((byte, at) => (at === 0 ? byte ^ 1 : byte))
  return toHex(blockCoder.encode({ ...rest, signedHeader: { ...signedHeader, signature } }))
}

const strict = (body: unknown) => post(site, 'blocks/import', body)
const loose = async (body: unknown) => (await post(site, 'importBlock', body)).json

beforeAll(async () => {
  // One that makes no blocks of its own, so that nothing moves but by what is imported.
  site = await startHarness({ vars: networkVars(network, late, []) })
})
afterAll(() => site?.[Symbol.asyncDispose]())

test('PEER-17: blocks/import checks form, height, parent, hash and block, in this order', async () => {
  const zero = await strict({ ...first, height: 0, hash: 'x' })
  expect(zero.status).toBe(422)
  expect((zero.json['detail'] as { msg: string }[])[0]?.msg).toContain('greater_than')
  const { hash: _hash, ...without } = first
  expect(await strict(without)).toMatchObject({
    status: 422,
    json: { error: { code: 'VALIDATION_ERROR' } },
  })
  // The parent is asked for before the hash, the hash before the signature.
  expect(await strict({ ...second, hash: '0x00', block: forged(second) })).toMatchObject({
    status: 400,
    json: { detail: 'Parent block not found' },
  })
  expect(await strict({ ...first, block: undefined })).toMatchObject({
    status: 400,
    json: { error: { code: 'BLOCK_UNSIGNED' } },
  })
  expect(
    await strict({ ...first, hash: `0x${'0'.repeat(64)}`, block: forged(first) }),
  ).toMatchObject({
    status: 400,
    json: { detail: `Invalid block hash. Expected: ${first.hash}, Got: 0x${'0'.repeat(64)}` },
  })
  expect(await strict({ ...first, block: forged(first) })).toMatchObject({
    status: 400,
    json: { error: { code: 'BLOCK_REFUSED', details: { reason: 'SIGNATURE_INVALID' } } },
  })
  expect(await strict(first)).toMatchObject({
    status: 200,
    json: { status: 'imported', height: 1, hash: first.hash, tx_count: 0 },
  })
  expect(await strict(first)).toMatchObject({
    status: 200,
    json: { status: 'exists', height: 1, hash: first.hash },
  })
  expect(await strict({ ...first, hash: second.hash })).toMatchObject({
    status: 409,
    json: { detail: 'Block at height 1 already exists with different hash' },
  })
  const seen = await get(site, 'blocks/1')
  expect(seen.json).toMatchObject({ hash: first.hash, final: false })
})

test('PEER-17: importBlock answers 200 with the original’s reasons, in its order', async () => {
  const reason = async (body: unknown) => {
    const answer = await loose(body)
    expect(answer).toMatchObject({ accepted: false, reorged: false, reorg_depth: 0 })
    return answer['reason']
  }
  const { proposer: _proposer, ...anonymous } = second
  expect(await reason({ ...anonymous, hash: 1 })).toBe('Missing proposer field')
  expect(await reason({ ...second, hash: 'abc', proposer: 'me' })).toBe(
    'Invalid block hash format: abc',
  )
  expect(await reason({ ...second, hash: '0x1', proposer: 'me' })).toBe(
    "Proposer 'me' not in trusted set",
  )
  const { timestamp: _timestamp, ...timeless } = second
  expect(await reason({ ...timeless, hash: '0x1' })).toBe('Missing required field: timestamp')
  expect(await reason({ ...second, hash: '0x1' })).toBe('Invalid hash length: 3')
  const odd = `0x${'zz'.repeat(32)}`
  expect(await reason({ ...second, hash: odd })).toBe(`Invalid hex in hash: ${odd}`)
  expect(await reason(first)).toBe('Block already exists')
  const unknown = `0x${'9'.repeat(64)}`
  const { head_height } = (await get<{ head_height: number }>(site, 'status')).json
  expect(await reason({ ...second, height: 1, hash: unknown })).toBe(
    `Fork rejected: our chain is longer or equal (${head_height} >= 1)`,
  )
  expect(await reason({ ...third, height: head_height + 5 })).toBe(
    `Gap detected (our height: ${head_height}, received: ${head_height + 5})`,
  )
  const next = { ...second, height: head_height + 1 }
  expect(await reason({ ...next, parent_hash: unknown })).toBe('Unhandled import case')
  expect(await reason({ ...next, block: undefined })).toContain('not signed')
  expect(await reason({ ...next, block: forged(second) })).toContain('SIGNATURE_INVALID')
  expect(await loose(next)).toEqual({
    accepted: true,
    height: 2,
    hash: second.hash,
    reason: 'Appended to chain',
    reorged: false,
    reorg_depth: 0,
  })
})

/** A request to a site, signed by an authority. */
async function say(
  to: Harness,
  { path, by, timestampMs }: { path: string; by: NetworkSite; timestampMs: number },
) {
  const target = `/rpc/admin/${path}`
  const headers = signRequest(hash, signerOf(by), {
    host: new URL(to.url).host,
    method: 'POST',
    target,
    body: new Uint8Array(),
    timestampMs,
  })
  const response = await to.fetch(target, { method: 'POST', headers })
  return { status: response.status, json: (await response.json()) as Record<string, unknown> }
}

test('PEER-13: the operator’s word stops and frees the site, once each, also after a restart', async () => {
  await using own = await startHarness({ vars: networkVars(network, here, []) })
  const timestampMs = Date.now()
  const suspend = { path: 'suspendSigning', by: here, timestampMs }
  expect((await say(own, { ...suspend, by: there })).status).toBe(403)
  expect(await say(own, suspend)).toMatchObject({ status: 200, json: { signing: false } })
  await own.restart()
  const ready = await own.fetch('/health/ready')
  expect(ready.status).toBe(503)
  expect(await ready.text()).toContain('npm run signing')
  expect((await get(own, 'peers')).json).toMatchObject({ name: 'here', signing: false })
  expect(await say(own, { ...suspend, path: 'resumeSigning' })).toMatchObject({
    status: 401,
    json: { error: { code: 'REQUEST_EXPIRED' } },
  })
  const { AUTHORITY_KEY = '' } = here.secrets
  const program = startProgram(
    ['--import', 'tsx', 'scripts/signing.ts', 'resume', '--api', own.url],
    { env: { AUTHORITY_KEY } },
  )
  expect([await program.ended, program.stdout(), program.stderr()]).toEqual([
    0,
    'The site signs.\n',
    '',
  ])
  expect((await get(own, 'peers')).json).toMatchObject({ signing: true, fault: null })
})
