/** Three real sites with storage of their own, and one that follows: one chain, whatever happens to one of them. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fromHex, toHex, toHex0x } from '../../../core/base/bytes.ts'
import { transactionHash } from '../../../core/chain/transaction.ts'
import { addressOf, formatAddress } from '../../../core/crypto/address.ts'
import { signerFromSeed } from '../../../core/crypto/ed25519.ts'
import { makeNetwork, type NetworkSite, networkVars } from '../../../scripts/setup/network.ts'
import { findFreePort } from '../../../scripts/setup/port.ts'
import { type Line, openLine } from '../../../scripts/site/cut.ts'
import { startTestSite, type TestSite } from '../../support/site.ts'
import { temporaryState } from '../../support/site-state.ts'
import { startProgram, typescript } from '../program.ts'
import {
  finalTransaction,
  get,
  post,
  signTransfer,
  submit,
  type Talker,
  until,
  type Wallet,
  walletOf,
} from './client.ts'

type PeerJson = {
  url: string
  name: string
  height: number | null
  agreement: string
  failure: { code: string } | null
}
type PeersJson = {
  name: string
  height: number
  final_height: number
  head_hash: string
  final_hash: string
  state_root: string
  signing: boolean
  fault: string | null
  peers: PeerJson[]
  offences: unknown[]
}

const names = ['one', 'two', 'three'] as const
const network = makeNetwork({
  chainId: 'aitbc-three',
  nowMs: Date.now(),
  authorities: names,
  followers: ['late'],
})
const sites = new Map<string, TestSite & AsyncDisposable>()
const ports = new Map<string, number>()
/** Lines by who asks and who is asked. */
const lines = new Map<string, Line>()
const nonces = new Map<string, number>()

const memberOf = (name: string): NetworkSite => {
  const found = network.sites.find((each) => each.name === name)
  if (!found) throw new Error(`no site ${name}`)
  return found
}
const at = (name: string): TestSite => {
  const site = sites.get(name)
  if (!site) throw new Error(`${name} is not running`)
  return site
}
const talker = (name: string): Talker => ({ url: at(name).url, vars: at(name).vars })
const peersOf = async (name: string): Promise<PeersJson> =>
  (await get<PeersJson>(talker(name), 'peers')).json

/** The coordinator's account of a site: one with money whose key is known. */
function walletFor(name: string): Wallet {
  const seed = fromHex(memberOf(name).secrets['COORDINATOR_KEY'] ?? '', 32)
  if (!seed.ok) throw new Error('no seed')
  const signer = signerFromSeed(seed.value)
  const address = addressOf(signer.publicKey)
  return { signer, address, text: formatAddress(address) }
}

/** Sends a transfer at a site, from that site's own account; returns its hash. */
async function send(name: string): Promise<string> {
  const nonce = nonces.get(name) ?? 0
  nonces.set(name, nonce + 1)
  const from = walletFor(name)
  const bytes = signTransfer(talker(name), from, { to: walletOf(77), amount: 5n, nonce })
  expect(await submit(talker(name), [bytes])).toMatchObject([{ ok: true }])
  return toHex0x(transactionHash(bytes))
}

/** Waits until these sites have one final head, no lower than a height, and returns it. */
async function agreed(who: readonly string[], heightMin = 1): Promise<PeersJson> {
  const views = await until(
    () => Promise.all(who.map(peersOf)),
    (all) =>
      all.every(
        (view) =>
          view.height >= heightMin &&
          view.height === view.final_height &&
          view.head_hash === all[0]?.head_hash,
      ),
  )
  expect(new Set(views.map(({ state_root }) => state_root)).size).toBe(1)
  return views[0] as PeersJson
}

async function start(name: string): Promise<void> {
  const others = names.filter((other) => other !== name)
  const peers: string[] = []
  for (const other of others) {
    const line = await openLine(ports.get(other) as number)
    lines.set(`${name}-${other}`, line)
    peers.push(line.url)
  }
  const vars = { ...networkVars(network, memberOf(name), peers) }
  const port = ports.get(name) as number
  sites.set(name, await startTestSite({ vars, port }))
}

beforeAll(async () => {
  for (const { name } of network.sites) ports.set(name, await findFreePort())
  for (const name of names) await start(name)
})
afterAll(async () => {
  for (const site of sites.values()) await site.dispose()
  for (const line of lines.values()) await line.close()
})

test('PEER-1: what is submitted at any of three sites is final at all of them', async () => {
  const hashes = await Promise.all(names.map(send))
  for (const name of names) {
    for (const hash of hashes) {
      expect((await finalTransaction(talker(name), hash)).outcome).toBe('applied')
    }
  }
  const view = await agreed(names)
  expect(view).toMatchObject({ signing: true, fault: null, offences: [] })
  // Each knows the two others by name, and that they agree.
  for (const name of names) {
    const { peers } = await until(
      () => peersOf(name),
      (each) => each.peers.every(({ agreement, failure }) => agreement === 'yes' && !failure),
    )
    expect(peers.map((peer) => peer.name).sort()).toEqual(names.filter((n) => n !== name).sort())
  }
})

test('PEER-2: one that is killed is not missed, and comes back to the same chain', async () => {
  await at('two').site.kill()
  const hash = await send('one')
  await finalTransaction(talker('three'), hash)
  const before = await agreed(['one', 'three'])
  await at('two').restart()
  await finalTransaction(talker('two'), hash)
  const after = await agreed(names, before.height)
  expect(after.fault).toBeNull()
  await finalTransaction(talker('one'), await send('two'))
})

test('PEER-3: one that is cut off goes on visibly not final, and heals', async () => {
  const mine = [...lines].filter(([name]) => name.includes('three')).map(([, line]) => line)
  const { final_height } = await agreed(names)
  for (const line of mine) line.cut()
  const there = await send('one')
  const here = await send('three')
  await finalTransaction(talker('two'), there)
  const alone = await until(
    () => peersOf('three'),
    (view) => view.height > final_height && view.peers.every(({ failure }) => failure !== null),
  )
  expect(alone.final_height).toBe(final_height)
  const waiting = await get<{ status: string }>(talker('three'), `tx/${here}`)
  expect(waiting.json.status).not.toBe('final')
  for (const line of mine) line.mend()
  // What only the losing branch held goes on to the other one.
  await finalTransaction(talker('one'), here)
  await finalTransaction(talker('three'), there)
  expect((await agreed(names, final_height + 1)).offences).toEqual([])
})

test('PEER-4: one that only follows starts late, catches up, and what it is handed gets final', async () => {
  await start('late')
  const before = await peersOf('one')
  await until(
    () => peersOf('late'),
    (view) => view.final_height >= before.final_height,
  )
  expect(await peersOf('late')).toMatchObject({ name: 'follower', signing: false, fault: null })
  const hash = await send('late')
  await finalTransaction(talker('one'), hash)
  await finalTransaction(talker('late'), hash)
  await agreed([...names, 'late'])
})

test('RPC-13: a site without a faucet of its own gets its gifts from a peer', async () => {
  const body = { address: walletOf(78).text, amount: 1_000 }
  const { status, json } = await post<{ tx_hash: string }>(talker('late'), 'admin/mintFaucet', body)
  expect(status).toBe(200)
  expect((await finalTransaction(talker('late'), json.tx_hash)).outcome).toBe('applied')
})

test('AUTH-2: by command, signed on two of three sites, the set changes while the chain goes on', async () => {
  const folder = temporaryState()
  const path = join(folder.path, 'change.json')
  /** Runs the command on a site, as its operator would, and returns what it says. */
  const authorities = async (name: string, ...args: string[]) => {
    const { AUTHORITY_KEY = '', COORDINATOR_KEY = '' } = memberOf(name).secrets
    const run = startProgram([...typescript('scripts/authorities.ts'), ...args], {
      env: { AUTHORITY_KEY, COORDINATOR_KEY, AITBC_LOCAL: folder.path },
    })
    const code = await run.ended
    return { code, text: run.stdout() + run.stderr() }
  }
  const api = (name: string) => ['--api', at(name).url]
  const show = async (name: string) => (await authorities(name, 'show', ...api(name))).text

  const before = await show('one')
  for (const name of names) expect(before).toContain(`  ${name}\n`)
  expect(before).toContain('2 of 3 are a quorum')
  const key = toHex(memberOf('late').authority)
  const terms = ['--remove', 'three', '--add', `late=${key}`, '--height', '+3', '--out', path]
  const drafted = await authorities('one', 'draft', ...terms, ...api('one'))
  expect(drafted.text).toMatch(/^- [0-9a-f]{64} {2}three$/m)
  expect(drafted.text).toContain(`+ ${key}  late\n`)
  expect((await authorities('one', 'sign', path)).text).toContain('1 of 3 have signed: 2 are')
  expect(await authorities('late', 'sign', path)).toMatchObject({ code: 1 })
  const early = await authorities('one', 'send', path, ...api('one'))
  expect(early).toEqual({ code: 1, text: '1 of 2 signatures that are needed\n' })
  expect((await authorities('two', 'sign', path)).text).toContain('2 of 3 have signed: it can be')
  const sent = await authorities('two', 'send', path, ...api('two'))
  expect(sent.text).toMatch(/final in block \d+; the set changes after height \d+/)
  expect(sent.code).toBe(0)

  // Nobody had to stop: the pending change alone makes the blocks up to its height.
  const members = async (name: string) =>
    (await get<{ authorities: { name: string }[] }>(talker(name), 'status')).json.authorities
  for (const name of [...names, 'late']) {
    const set = await until(
      () => members(name),
      (each) => each.some((one) => one.name === 'late'),
    )
    expect(set.map((one) => one.name)).toEqual(['one', 'two', 'late'])
  }
  const hashes = [await send('three'), await send('late')]
  for (const hash of hashes) await finalTransaction(talker('one'), hash)
  await agreed([...names, 'late'])
  expect(await peersOf('late')).toMatchObject({ name: 'late', signing: true, fault: null })
  expect(await peersOf('three')).toMatchObject({ name: 'follower', signing: false, offences: [] })
  expect(await show('three')).toContain('  late\n')
  await folder.remove()
})
