/** The background on storage in memory: with the real vault, and a site that answers as one does. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { fromHex, toHex } from '../../../core/base/bytes.ts'
import { genesisHash, parseGenesis } from '../../../core/chain/genesis.ts'
import { decodeTransaction } from '../../../core/chain/transaction.ts'
import { signerFromSeed } from '../../../core/crypto/ed25519.ts'
import { signedMessageBytes } from '../../../core/crypto/signed-message.ts'
import {
  decide,
  rejectAll,
  resumeSigned,
  viewOf,
} from '../../../pages/extension/background/approvals.ts'
import { keepSession, openVault } from '../../../pages/extension/background/keys.ts'
import { answerPanel, type PanelParts } from '../../../pages/extension/background/panel.ts'
import { waitingAsks } from '../../../pages/extension/background/queue.ts'
import { takeRequest } from '../../../pages/extension/background/requests.ts'
import { openWorld } from '../../../pages/extension/background/world.ts'
import type { BrowserApi } from '../../../pages/extension/browser-api.ts'
import type { PageAnswer } from '../../../pages/extension/wire.ts'
import vectors from '../../vectors/wallet.json' with { type: 'json' }
import { testGenesis } from './genesis.ts'
import { type MemoryStorage, memoryStorage } from './world.ts'

const vector = vectors.wallets[0] as (typeof vectors.wallets)[number]
const [mine, payee] = vector.accounts as [Account, Account]
type Account = (typeof vector.accounts)[number]
const origin = 'https://shop.example'
const caller = { origin, tabId: 1 }
const password = 'violet anchor 7 drifting lantern'

/** The site: its chain, its slot, what it was sent. */
let node: { slot: number; nonce: number; genesis: object; sent: string[]; fails: boolean }
let storage: MemoryStorage
let alarms: Map<string, number>
let nowMs: number
let answers: PageAnswer[]

beforeEach(() => {
  node = { slot: 100, nonce: 0, genesis: testGenesis, sent: [], fails: false }
  storage = memoryStorage()
  alarms = new Map()
  nowMs = 1_795_420_800_000
  answers = []
  vi.spyOn(Date, 'now').mockImplementation(() => nowMs)
  vi.stubGlobal('fetch', async (url: string, init?: RequestInit) => {
    const path = new URL(url).pathname
    if (init?.method === 'POST') {
      node.sent.push((JSON.parse(String(init.body)) as { tx: string }).tx)
      if (node.fails) throw new TypeError('gone')
      return Response.json({ tx_hash: '0x00', known: false })
    }
    if (path === '/rpc/genesis') return Response.json(node.genesis)
    if (path === '/rpc/status') {
      return Response.json({ genesis_hash: hashOf(node.genesis), slot: node.slot })
    }
    return Response.json({ balance: '500000000', next_nonce: node.nonce })
  })
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

const hashOf = (genesis: object): string => {
  const parsed = parseGenesis(genesis)
  if (!parsed.ok) throw new Error(parsed.error.message)
  return toHex(genesisHash(parsed.value))
}

/** A background that comes to life on what the storage holds: call again after a death. */
async function live(): Promise<PanelParts> {
  const api = {
    storage,
    alarms: {
      create: async (name: string, { when }: { when: number }) => void alarms.set(name, when),
      clear: async (name: string) => alarms.delete(name),
    },
  } as unknown as BrowserApi
  const world = openWorld(storage)
  const vault = await openVault(api, world, () => undefined)
  const parts: PanelParts = {
    world,
    vault,
    nowMs: () => nowMs,
    onDone: async (ask) => {
      if (ask.state === 'done') answers.push({ id: ask.id, ...ask.outcome })
    },
    onConnected: async () => undefined,
    onRevoked: (gone) => rejectAll(parts, gone),
    onNetwork: async () => undefined,
    showApproval: async () => undefined,
  }
  await resumeSigned(parts)
  await keepSession(api, world, vault)
  return parts
}

/** A call of one of the extension's windows; fails the test where it is refused. */
async function panel(parts: PanelParts, call: string, request: object = {}): Promise<unknown> {
  const reply = await answerPanel(parts, call, request)
  if (!reply.ok) throw new Error(`${reply.code}: ${reply.message}`)
  await keepSession(
    {
      storage,
      alarms: { create: async () => undefined, clear: async () => true },
    } as unknown as BrowserApi,
    parts.world,
    parts.vault,
  )
  return reply.value
}

/** A wallet with a network and a connected site. */
async function ready(): Promise<PanelParts> {
  const parts = await live()
  const secret = { kind: 'words', words: vector.words }
  await panel(parts, 'vault', { call: 'create', request: { password, secret, name: 'Main' } })
  const met = await panel(parts, 'meet', { address: 'https://edge.example' })
  await panel(parts, 'trust', met as object)
  expect(await ask(parts, 'c', 'aitbc_requestAccounts')).toBe('later')
  expect(await decide(parts, { origin, id: 'c', approve: true, account: mine.address })).toBe(
    undefined,
  )
  return parts
}

const ask = async (parts: PanelParts, id: string, method: string, params?: unknown) => {
  const on = { ...parts, onConnected: async () => undefined }
  const taken = await takeRequest(on, caller, { id, method, params })
  return 'answer' in taken ? taken.answer : 'later'
}

const shownIn = (view: Awaited<ReturnType<typeof viewOf>>): string =>
  JSON.stringify(view?.shown?.preview)

const payment = [{ to: payee.address, amount: '7' }]

test('EXT-27: words, messages and payments are those of every wallet', async () => {
  const parts = await ready()
  expect(answers).toEqual([{ id: 'c', result: [mine.address] }])
  expect(await ask(parts, 'm', 'aitbc_signMessage', ['hello'])).toBe('later')
  const view = await viewOf(parts)
  await decide(parts, { origin, id: 'm', approve: true, shown: shownIn(view) })
  const seed = fromHex(mine.seed)
  const hash = fromHex(hashOf(testGenesis))
  const genesis = hash.ok ? hash.value : new Uint8Array()
  const bytes = signedMessageBytes({ genesisHash: genesis, origin, text: 'hello' })
  const signature = seed.ok && bytes.ok && toHex(signerFromSeed(seed.value).sign(bytes.value))
  expect(answers[1]).toMatchObject({
    result: { signature: `0x${signature}`, publicKey: `0x${mine.public_key}`, origin },
  })
})

test('EXT-15: what is signed is what was shown; a change is shown again', async () => {
  const parts = await ready()
  await ask(parts, 't', 'aitbc_sendTransaction', payment)
  const first = shownIn(await viewOf(parts))
  expect(shownIn(await viewOf(parts))).toBe(first)
  // Somebody else used the account meanwhile.
  node.nonce = 1
  expect(await decide(parts, { origin, id: 't', approve: true, shown: first })).toMatch('changed')
  expect(node.sent).toEqual([])
  const second = shownIn(await viewOf(parts))
  expect(second).not.toBe(first)
  for (const shown of [first, undefined, '{}']) {
    const decision = { origin, id: 't', approve: true, ...(shown !== undefined && { shown }) }
    expect(await decide(parts, decision)).toMatch('changed')
  }
  expect(await decide(parts, { origin, id: 't', approve: true, shown: second })).toBe(undefined)
  const raw = fromHex(node.sent[0] ?? '')
  const sent = raw.ok ? decodeTransaction(raw.value) : undefined
  expect(sent?.ok && sent.value.body).toMatchObject({ nonce: 1n, message: { TAG: 'transfer' } })
})

test('EXT-15: a draft that is about to expire is made anew', async () => {
  const parts = await ready()
  await ask(parts, 't', 'aitbc_sendTransaction', payment)
  const first = shownIn(await viewOf(parts))
  node.slot += 290
  expect(shownIn(await viewOf(parts))).not.toBe(first)
})

test('EXT-13, EXT-16: waiting requests outlive the background, and are asked again as the same', async () => {
  const parts = await ready()
  await ask(parts, 't', 'aitbc_sendTransaction', payment)
  const shown = shownIn(await viewOf(parts))
  const reborn = await live()
  expect(await ask(reborn, 't', 'aitbc_sendTransaction', payment)).toBe('later')
  expect(waitingAsks(await reborn.world.queue.read())).toHaveLength(1)
  expect(await decide(reborn, { origin, id: 't', approve: true, shown })).toBe(undefined)
  const answer = answers.at(-1)
  expect(await ask(await live(), 't', 'aitbc_sendTransaction', payment)).toEqual(answer)
  expect(node.sent).toHaveLength(1)
})

test('EXT-16: what was signed before the background died is sent afterwards, the same bytes', async () => {
  const parts = await ready()
  await ask(parts, 't', 'aitbc_sendTransaction', payment)
  const shown = shownIn(await viewOf(parts))
  // It dies while the site is asked to take it.
  let died: () => void = () => undefined
  const sending = new Promise<void>((resolve) => {
    died = resolve
  })
  const normal = fetch
  vi.stubGlobal('fetch', (url: string, init?: RequestInit) => {
    if (init?.method !== 'POST') return normal(url, init)
    node.sent.push((JSON.parse(String(init.body)) as { tx: string }).tx)
    died()
    return new Promise(() => undefined)
  })
  void decide(parts, { origin, id: 't', approve: true, shown })
  await sending
  vi.stubGlobal('fetch', normal)
  const reborn = await live()
  expect(node.sent).toHaveLength(2)
  expect(node.sent[1]).toBe(node.sent[0])
  expect(answers.at(-1)).toMatchObject({ id: 't', result: expect.stringMatching(/^0x/) })
  const listed = (await reborn.world.activity.read()).filter(({ kind }) => kind === 'transaction')
  expect(listed).toHaveLength(1)
})

test('EXT-16: a site that does not answer leaves the hash to look for', async () => {
  const parts = await ready()
  await ask(parts, 't', 'aitbc_sendTransaction', payment)
  node.fails = true
  await decide(parts, { origin, id: 't', approve: true, shown: shownIn(await viewOf(parts)) })
  expect(answers.at(-1)).toMatchObject({
    error: { code: 4901, data: { hash: expect.stringMatching(/^0x/) } },
  })
  const [entry] = await parts.world.activity.read()
  expect(entry).toMatchObject({ kind: 'transaction', standing: { status: 'unknown' } })
})

test('EXT-17: the unlocked session outlives the background, not its deadline, and holds no seed', async () => {
  const parts = await ready()
  const unlocked = async (one: PanelParts) =>
    (await one.vault.handle('state', {})).ok &&
    ((await panel(one, 'state')) as { vault: { phase: string } }).vault.phase
  expect(await unlocked(await live())).toBe('open')
  const kept = [...storage.local.held.values(), ...storage.session.held.values()].join('\n')
  for (const secret of [mine.seed, vector.words, password]) expect(kept).not.toContain(secret)
  const session = JSON.parse(storage.session.held.get('session') ?? '{}') as { key: string }
  expect([...storage.local.held.values()].join('\n')).not.toContain(session.key)
  nowMs += 24 * 3_600_000
  expect(await unlocked(await live())).toBe('locked')
  expect(storage.session.held.has('session')).toBe(false)
  expect(parts).toBeDefined()
})

test('EXT-17: a lock takes the session away at once', async () => {
  const parts = await ready()
  expect(storage.session.held.has('session')).toBe(true)
  await panel(parts, 'vault', { call: 'lock', request: {} })
  expect(storage.session.held.has('session')).toBe(false)
  expect(await ask(parts, 'a', 'aitbc_accounts')).toEqual({ id: 'a', result: [] })
})

test('EXT-18: a site that says another chain is asked for nothing more', async () => {
  const parts = await ready()
  await ask(parts, 't', 'aitbc_sendTransaction', payment)
  node.genesis = { ...testGenesis, chain_id: 'aitbc-other' }
  expect((await viewOf(parts))?.fault).toMatch('another chain')
  expect(await decide(parts, { origin, id: 't', approve: true, shown: '{}' })).toMatch(
    'another chain',
  )
  expect(await ask(parts, 'b', 'aitbc_getBalance')).toMatchObject({ error: { code: 4901 } })
  expect(node.sent).toEqual([])
})

test('EXT-12, EXT-13: another account than the connected one is 4100, another origin gets no answer', async () => {
  const parts = await ready()
  const other = [{ to: payee.address, amount: '7', from: payee.address }]
  expect(await ask(parts, 'o', 'aitbc_sendTransaction', other)).toMatchObject({
    error: { code: 4100 },
  })
  const stranger = { origin: 'https://stranger.example', tabId: 2 }
  const request = { id: 'c', method: 'aitbc_requestAccounts', params: undefined }
  const on = { ...parts, onConnected: async () => undefined }
  expect(await takeRequest(on, stranger, request)).toEqual({ later: true })
  const insecure = { origin: 'http://shop.example', tabId: 2 }
  expect(await takeRequest(on, insecure, request)).toMatchObject({
    answer: { error: { code: 4100 } },
  })
})

test('EXT-19: disconnecting rejects what the site waits for', async () => {
  const parts = await ready()
  await ask(parts, 't', 'aitbc_sendTransaction', payment)
  await panel(parts, 'revoke', { origin })
  expect(answers.at(-1)).toMatchObject({ id: 't', error: { code: 4001 } })
  expect(await ask(parts, 'a', 'aitbc_accounts')).toEqual({ id: 'a', result: [] })
  expect(await ask(parts, 'p', 'wallet_getPermissions')).toEqual({ id: 'p', result: [] })
})

test('EXT-11: windows call what there is, and nothing by an inherited name', async () => {
  const parts = await live()
  for (const call of ['constructor', '__proto__', 'toString', undefined]) {
    expect(await answerPanel(parts, call, {})).toMatchObject({ ok: false, code: 'BROKEN' })
  }
})
