/** The exchange between sites: what each says, asks and hears, and what bad company does to it. */
import { describe, expect, test } from 'vitest'
import { toHex } from '../../../core/base/bytes.ts'
import type { Engine } from '../../../core/chain/engine-api.ts'
import { sufficientFee } from '../../../core/chain/fees.ts'
import { genesisHash } from '../../../core/chain/genesis.ts'
import { pullBlocksMax } from '../../../core/chain/limits.ts'
import { answerPull } from '../../../core/chain/sync.ts'
import {
  decodeAsk,
  encodeAnnounceAnswer,
  encodeAnnouncement,
  encodeAnswer,
  type PullAnswer,
  syncMediaType,
  syncVersion,
} from '../../../core/chain/sync-wire.ts'
import { signTransaction, type TransactionBody } from '../../../core/chain/transaction.ts'
import { peerLimits } from '../../../durable-objects/chain/limits.ts'
import { cheapPerson } from '../../simulation/cluster/keys.ts'
import { users } from '../../simulation/cluster/sites.ts'
import { createPeerNet, type Fault, type NetSite, type PeerNet } from '../../support/peer-net.ts'

const [ann, ben] = users as [(typeof users)[number], (typeof users)[number]]

function transfer({ genesis }: PeerNet, nonce: number): Uint8Array {
  const draft: TransactionBody = {
    version: 1,
    sender: ann.publicKey,
    nonce: BigInt(nonce),
    fee: 0n,
    validUntil: 5_000n,
    message: { TAG: 'transfer', data: { to: ben.address, amount: 1n } },
  }
  const fee = sufficientFee(genesis.parameters, draft)
  return signTransaction(genesisHash(genesis), { ...draft, fee }, ann)
}

const three = (options?: Parameters<typeof createPeerNet>[1]) => {
  const net = createPeerNet(3, options)
  const [a, b, c] = net.sites
  if (!a || !b || !c) throw new Error('three sites')
  return { net, a, b, c }
}

/** Lets a site alone make blocks in its own slots, telling nobody. */
function make(net: PeerNet, engine: Engine, blocks: number): void {
  let made = 0
  while (made < blocks) {
    net.nowMs = Math.max(net.nowMs + 2_000, engine.dueAtMs(net.nowMs + 2_000))
    made += engine.tick(net.nowMs).added.length
  }
}

const heads = (net: PeerNet) => new Set(net.sites.map(({ engine }) => toHex(engine.head().hash)))

test('PEER-1, PEER-5: a block, its votes and commits reach all in a turn or two, each peer by one request', async () => {
  const { net, a } = three()
  const proposer = net.sites[1] as NetSite
  a.submit([transfer(net, 0)])
  await net.settled()
  expect(net.sites.map(({ engine }) => engine.pool(9).length)).toEqual([1, 1, 1])
  net.toSlot(1)
  net.requests.length = 0
  proposer.tick()
  await net.settled()
  expect(heads(net).size).toBe(1)
  for (const { engine } of net.sites) {
    expect(engine.head()).toMatchObject({ height: 1, finalHeight: 1, transactionCount: 1 })
  }
  // Block and vote are said in one turn.
  const said = net.requests.filter((line) => line.startsWith('site-1>site-0'))
  expect(said.length).toBeLessThanOrEqual(3)
  await a.desk.exchange.pullDue()
  expect(a.peer('site-1')).toMatchObject({ name: 'site-1', agreement: 'yes', failure: undefined })
  expect(a.peer('site-1').position).toMatchObject({ height: 1, finalHeight: 1 })
})

test('PEER-5: nobody waits for a peer that does not answer, and what waits for it is bounded', async () => {
  const { net, a, b } = three({ limits: { queueItemsMax: 4, announceTimeoutMs: 600_000 } })
  net.faults.set('site-2', () => new Promise<Response>(() => undefined))
  for (let nonce = 0; nonce < 20; nonce++) {
    a.submit([transfer(net, nonce)])
    await new Promise((go) => setTimeout(go, 1))
  }
  expect(b.engine.pool(50)).toHaveLength(20)
  expect(net.requests.filter((line) => line === 'site-0>site-2 /rpc/sync/announce')).toHaveLength(1)
})

const bytes = (body: Uint8Array) =>
  new Response(body as Uint8Array<ArrayBuffer>, { headers: { 'content-type': syncMediaType } })

/** A request is answered from the site's chain, with something changed. */
const lying =
  (site: NetSite, net: PeerNet, change: (answer: PullAnswer) => Partial<PullAnswer>): Fault =>
  (path, init) => {
    if (path !== '/rpc/sync/pull') return undefined
    const hash = genesisHash(net.genesis)
    const read = decodeAsk(init.body as Uint8Array, hash)
    if (!read.ok) throw new Error(read.error.message)
    const answer = { ...answerPull(site.engine, read.value.body), transactions: [] }
    const hello = { version: syncVersion, genesisHash: hash, authority: undefined }
    return bytes(encodeAnswer(hello, { ...answer, ...change(answer) }))
  }

const flipped = (given: Uint8Array) =>
  given.map((byte, at) => (at === given.length - 1 ? byte ^ 1 : byte))

/** The other end never stops sending. */
const endless = () =>
  new Response(
    new ReadableStream({ pull: (stream) => stream.enqueue(new Uint8Array(1_000_000)) }),
    { headers: { 'content-type': syncMediaType } },
  )

/** Takes what it is told without listening, so that nothing but its answers to requests counts. */
const deaf =
  (site: NetSite, net: PeerNet, otherwise: Fault): Fault =>
  (path, init) => {
    if (path !== '/rpc/sync/announce') return otherwise(path, init)
    const { height, slot, hash, finalHeight, finalHash } = site.engine.head()
    const hello = {
      version: syncVersion,
      genesisHash: genesisHash(net.genesis),
      authority: undefined,
    }
    const position = { height, slot, hash, finalHeight, finalHash }
    return bytes(encodeAnnounceAnswer(hello, { position, refused: [] }))
  }

const badPeers: Record<string, (net: PeerNet, bad: NetSite) => Fault> = {
  UNREACHABLE: () => () => {
    throw new TypeError('connection refused')
  },
  TIMEOUT: () => () => new Promise<Response>(() => undefined),
  ANSWER_TOO_LARGE: () => endless,
  CONTENT_TYPE_INVALID: () => () =>
    new Response('<!doctype html>', { headers: { 'content-type': 'text/html; charset=utf-8' } }),
  ANSWER_INVALID: (net) => () => bytes(Uint8Array.of(1, ...genesisHash(net.genesis), 7, 7, 7)),
  GENESIS_MISMATCH: () => () => bytes(Uint8Array.of(1, ...new Uint8Array(200))),
  PROTOCOL_MISMATCH: () => () => bytes(new Uint8Array(200).fill(9)),
  REFUSED_BY_PEER: () => () => new Response('no', { status: 500 }),
  BLOCK_REFUSED: (net, bad) => lying(bad, net, ({ blocks }) => ({ blocks: blocks.map(flipped) })),
  CERTIFICATE_REFUSED: (net, bad) =>
    lying(bad, net, ({ head }) => ({
      certificate: {
        authorities: new Uint8Array(32),
        slot: BigInt(head.slot),
        height: BigInt(head.height),
        block: head.hash,
        signatures: [],
      },
    })),
  MESSAGE_REFUSED: (net, bad) =>
    lying(bad, net, ({ messages }) => ({ messages: messages.map(flipped) })),
}

describe.each(Object.entries(badPeers))('a peer that is %s', (code, faultOf) => {
  test('PEER-6, PEER-7: is named, left alone for longer each time, logged once, and stops nobody', async () => {
    const { net, a, b, c } = three()
    make(net, b.engine, 2)
    make(net, c.engine, 1)
    net.faults.set('site-1', deaf(b, net, faultOf(net, b)))
    net.faults.set(
      'site-2',
      deaf(c, net, () => undefined),
    )
    const waits: number[] = []
    for (let attempt = 1; attempt <= 4; attempt++) {
      await a.desk.exchange.pullDue()
      await net.settled()
      const { failure, backedOffUntilMs } = a.peer('site-1')
      expect(failure).toMatchObject({ code, count: attempt })
      waits.push((backedOffUntilMs ?? 0) - net.nowMs)
      // Nothing is sent to it meanwhile.
      const before = net.requests.length
      await a.desk.exchange.pullDue()
      expect(net.requests.slice(before).filter((line) => line.includes('>site-1'))).toEqual([])
      net.nowMs = backedOffUntilMs ?? 0
    }
    expect(waits).toEqual([1, 2, 4, 8].map((times) => times * peerLimits.retryMs))
    expect(a.log.filter(({ msg }) => msg === 'peer failing')).toMatchObject([{ code }])
    // The other one was heard all the same.
    expect(a.peer('site-2')).toMatchObject({ failure: undefined })
    expect(a.engine.block(c.engine.head().hash)).toBeDefined()
    net.faults.clear()
    await a.desk.exchange.pullDue()
    await net.settled()
    expect(a.peer('site-1')).toMatchObject({ failure: undefined, backedOffUntilMs: undefined })
    expect(a.log.at(-1)).toMatchObject({ level: 'info', msg: 'peer works again', after: code })
    expect(a.engine.block(b.engine.head().hash)).toBeDefined()
  })
})

test('PEER-6: the wait has an end', async () => {
  const { net, a } = three()
  net.faults.set('site-1', () => new Response('no', { status: 503 }))
  for (let attempt = 0; attempt < 12; attempt++) {
    await a.desk.exchange.pullDue()
    net.nowMs = a.peer('site-1').backedOffUntilMs ?? 0
  }
  await a.desk.exchange.pullDue()
  const { backedOffUntilMs = 0 } = a.peer('site-1')
  expect(backedOffUntilMs - net.nowMs).toBe(peerLimits.retryMsMax)
})

test('PEER-8: only authorities are listened to, everybody is answered', async () => {
  const { net, a } = three({ followers: 1 })
  const late = net.sites[3] as NetSite
  make(net, a.engine, 1)
  const hello = {
    version: syncVersion,
    genesisHash: genesisHash(net.genesis),
    authority: undefined,
  }
  const { height, slot, hash, finalHeight, finalHash } = a.engine.head()
  const position = { height, slot, hash, finalHeight, finalHash }
  const said = encodeAnnouncement(hello, { position, items: [] })
  const from = cheapPerson('authority 3').publicKey
  const heard = a.desk.exchange.hear({ from, timestampMs: net.nowMs, bytes: said })
  expect(heard).toMatchObject({ ok: false, code: 'AUTHORITY_REQUIRED' })
  await late.desk.exchange.pullDue()
  await net.settled()
  expect(late.engine.head().height).toBe(1)
  expect(await late.desk.peers()).toMatchObject({ name: 'follower', signing: false })
})

test('PEER-4: a follower announces no block, and hands on the transactions that it is given', async () => {
  const { net, a, b } = three({ followers: 1 })
  const late = net.sites[3] as NetSite
  late.submit([transfer(net, 0)])
  await net.settled()
  expect(a.engine.pool(9)).toHaveLength(1)
  expect(b.engine.pool(9)).toHaveLength(1)
  late.desk.exchange.greet()
  await net.settled()
  expect(net.requests.filter((line) => line.startsWith('site-3>'))).toEqual(
    [0, 1, 2].map((to) => `site-3>site-${to} /rpc/transactions`),
  )
})

/** An announcement by an authority of one block. */
function announcement(net: PeerNet, by: NetSite, block: Uint8Array, index: number) {
  const { height, slot, hash, finalHeight, finalHash } = by.engine.head()
  const { publicKey } = cheapPerson(`authority ${index}`)
  const hello = {
    version: syncVersion,
    genesisHash: genesisHash(net.genesis),
    authority: publicKey,
  }
  const position = { height, slot, hash, finalHeight, finalHash }
  const body = { position, items: [{ kind: 'block' as const, bytes: block }] }
  return { from: publicKey, timestampMs: net.nowMs, bytes: encodeAnnouncement(hello, body) }
}

test('PEER-9: who announces a block on one that is not held is asked for it at once', async () => {
  const { net, a, b } = three()
  await a.desk.exchange.pullDue()
  make(net, b.engine, 3)
  const head = b.engine.blockBytes(b.engine.head().hash) as Uint8Array
  net.requests.length = 0
  expect(a.desk.exchange.hear(announcement(net, b, head, 1))).toMatchObject({ ok: true })
  await net.settled()
  expect(net.requests).toContain('site-0>site-1 /rpc/sync/pull')
  expect(a.engine.head().height).toBe(3)
})

test('PEER-9: an early block waits for its slot, one of a clock far off is refused', async () => {
  const { net, a, b } = three()
  await a.desk.exchange.pullDue()
  make(net, b.engine, 1)
  const block = b.engine.blockBytes(b.engine.head().hash) as Uint8Array
  const slotMsLeft = 30
  const begunMs = net.nowMs
  net.nowMs = begunMs - slotMsLeft
  net.requests.length = 0
  a.desk.exchange.hear(announcement(net, b, block, 1))
  expect(a.engine.head().height).toBe(0)
  net.nowMs = begunMs
  await new Promise((go) => setTimeout(go, 2 * slotMsLeft))
  await net.settled()
  expect(a.engine.head().height).toBe(1)
  expect(a.peer('site-1').failure).toBeUndefined()
  // Nothing had to be asked for.
  expect(net.requests.filter((line) => line.startsWith('site-0') && line.endsWith('pull'))).toEqual(
    [],
  )
  make(net, b.engine, 1)
  const far = b.engine.blockBytes(b.engine.head().hash) as Uint8Array
  const later = net.nowMs
  net.nowMs = later - peerLimits.earlyMsMax - 1
  a.desk.exchange.hear(announcement(net, b, far, 1))
  expect(a.peer('site-1').failure).toMatchObject({ code: 'BLOCK_REFUSED' })
})

test('PEER-10: waiting transactions come with an answer, each once', async () => {
  const { net, a, b } = three()
  a.engine.submit([transfer(net, 0), transfer(net, 1)], net.nowMs)
  await b.desk.exchange.pullDue()
  await net.settled()
  expect(b.engine.pool(9)).toHaveLength(2)
  const counts: number[] = []
  net.faults.set('site-0', (path, init) => {
    const read = decodeAsk(init.body as Uint8Array, genesisHash(net.genesis))
    if (path === '/rpc/sync/pull' && read.ok) counts.push(read.value.body.pooled.length)
    return undefined
  })
  net.nowMs += peerLimits.pullEveryMs
  await b.desk.exchange.pullDue()
  expect(counts).toEqual([2])
})

test('PEER-11: another final block at the lower final height is a disagreement, and stays one', async () => {
  const { net, a, b } = three()
  b.submit([transfer(net, 0)])
  net.toSlot(1)
  b.tick()
  await net.settled()
  await a.desk.exchange.pullDue()
  expect(a.engine.head().finalHeight).toBe(1)
  expect(a.peer('site-1').agreement).toBe('yes')
  const other = new Uint8Array(32).fill(0xee)
  net.faults.set(
    'site-1',
    lying(b, net, () => ({ finalHash: other, atFinal: other })),
  )
  net.nowMs += peerLimits.pullEveryMs
  await a.desk.exchange.pullDue()
  expect(a.peer('site-1').agreement).toBe('no')
  expect(a.peer('site-2').agreement).toBe('yes')
})

test('PEER-12: after a start a site says its open votes again', async () => {
  const { net, a, b } = three()
  a.engine.submit([transfer(net, 0)], net.nowMs)
  net.toSlot(3)
  a.engine.tick(net.nowMs)
  const open = a.engine.openMessages()
  expect(open.length).toBeGreaterThan(0)
  a.desk.exchange.greet()
  await net.settled()
  // The others have never heard of its block: its vote makes them ask, and theirs make it final.
  expect(b.engine.head()).toMatchObject({ height: 1, finalHeight: 1 })
  expect(a.engine.openMessages()).toEqual([])
})

test('PEER-13: the own key stops and frees it, each request once', async () => {
  const { net, a } = three()
  const { publicKey: by } = cheapPerson('authority 0')
  const stranger = cheapPerson('authority 1').publicKey
  const say = (to: 'resume' | 'suspend', timestampMs: number, key = by) =>
    a.desk.setSigning({ by: key, timestampMs, to })
  expect(await say('suspend', 1, stranger)).toEqual({ ok: false, code: 'AUTHORITY_REQUIRED' })
  expect(await say('suspend', 5)).toEqual({ ok: true, signing: false })
  expect((await a.desk.peers()).fault).toContain('signs nothing')
  net.nowMs += 60_000
  expect(a.engine.tick(net.nowMs).added).toEqual([])
  expect(await say('resume', 5)).toEqual({ ok: false, code: 'REQUEST_EXPIRED' })
  expect(await say('resume', 6)).toEqual({ ok: true, signing: true })
  expect(await say('suspend', 5)).toEqual({ ok: false, code: 'REQUEST_EXPIRED' })
})

test('PEER-14: offences are kept once, with what shows them', async () => {
  const { net, a, b } = three()
  const twin = createPeerNet(3).sites[1] as NetSite
  net.toSlot(1)
  b.engine.submit([transfer(net, 0)], net.nowMs)
  const one = b.engine.tick(net.nowMs)
  twin.engine.submit([transfer(net, 0), transfer(net, 1)], net.nowMs)
  const two = twin.engine.tick(net.nowMs)
  for (const { send } of [one, two, one]) {
    for (const out of send) {
      if (out.kind === 'block') a.desk.exchange.hear(announcement(net, b, out.bytes, 1))
    }
  }
  const { offences } = await a.desk.peers()
  expect(offences).toMatchObject([{ kind: 'double_block', name: 'site-1', slot: 1 }])
  const hashes = [b, twin].map(({ engine }) => toHex(engine.head().hash)).sort()
  const shown = offences.flatMap(({ first, second }) => [toHex(first), toHex(second)])
  expect(shown.sort()).toEqual(hashes)
})

test('PEER-15: a branch of several answers is fetched beside a long one of its own', async () => {
  const { net, a, b } = three()
  make(net, b.engine, pullBlocksMax + 9)
  net.toSlot(0)
  make(net, a.engine, pullBlocksMax + 5)
  net.toSlot(5_000_000)
  expect(a.engine.head().hash).not.toEqual(b.engine.head().hash)
  await a.desk.exchange.pullDue()
  await net.settled()
  expect(a.engine.head()).toMatchObject({ height: pullBlocksMax + 9 })
  expect(a.engine.head().hash).toEqual(b.engine.head().hash)
  expect(a.peer('site-1').failure).toBeUndefined()
})
