/**
 * A network of one authority and its followers in simulated time, from one seed: clients that pay, messages
 * that are late, lost, doubled or out of order, clocks that run off, and sites that are killed at any write
 * of their store and come back with what it kept.
 */
import { toHex } from '../../../core/base/bytes.ts'
import { blockCoder, headerHash } from '../../../core/chain/block.ts'
import type { Engine, Outbound } from '../../../core/chain/engine-api.ts'
import { slotMs } from '../../../core/chain/genesis.ts'
import { type Message, transactionHash } from '../../../core/chain/transaction.ts'
import { bond, booking, unbond } from '../../support/chain-market.ts'
import {
  alice,
  authority,
  bob,
  carol,
  faucet,
  mustOpen,
  type Person,
  sign,
  timeOf,
} from '../../support/chain-world.ts'
import { createMemoryChainStore, type MemoryChainStore } from '../../support/memory-chain-store.ts'

export type Outcome = {
  readonly kills: number
  readonly heads: readonly string[]
  /** Slots in which the authority's blocks were seen, each with the hashes signed for it. */
  readonly signed: ReadonlyMap<number, ReadonlySet<string>>
  readonly engines: readonly Engine[]
  /** Hashes that a site promised to keep. */
  readonly promised: readonly Uint8Array[]
  readonly log: string
}

type Site = {
  readonly store: MemoryChainStore
  readonly proposes: boolean
  engine: Engine
  skewMs: number
}

/** A small generator of reproducible numbers: 0 ≤ x < 1 (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Runs `slots` slots and then lets the network come to rest. */
export function simulate({ seed, slots }: { seed: number; slots: number }): Outcome {
  const random = randomFrom(seed)
  const chance = (p: number): boolean => random() < p
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const sites = [true, false, false].map((proposes) => openSite(proposes))
  const [leader] = sites as [Site, Site, Site]
  const signed = new Map<number, Set<string>>()
  const promised: Uint8Array[] = []
  const lines: string[] = []
  let inFlight: { readonly atMs: number; readonly to: Site; readonly out: Outbound }[] = []
  let kills = 0
  let nowMs = timeOf(0)
  let calm = false

  /** Runs an action on a site; a killed one comes back from its store and has told nobody anything. */
  const guarded = <T>(site: Site, action: (engine: Engine) => T): T | undefined => {
    const writes = Math.floor(random() * 12)
    let count = 0
    site.store.fault = !calm && chance(0.1) ? () => void (count++ === writes && kill()) : undefined
    try {
      return action(site.engine)
    } catch (error) {
      if (!(error instanceof Killed)) throw error
      kills += 1
      site.store.fault = undefined
      site.engine = reopen(site)
      return undefined
    } finally {
      site.store.fault = undefined
    }
  }
  const send = (out: Outbound): void => {
    for (const to of sites) {
      if (to === leader || (!calm && chance(0.2))) continue
      const copies = !calm && chance(0.1) ? 2 : 1
      for (let n = 0; n < copies; n++) {
        inFlight.push({ atMs: nowMs + Math.floor(random() * 9_000), to, out })
      }
    }
  }
  const note = (out: Outbound): void => {
    if (out.kind !== 'block') return
    const { header } = blockCoder.decode(out.bytes).signedHeader
    const hashes = signed.get(Number(header.slot)) ?? new Set()
    signed.set(Number(header.slot), hashes.add(toHex(headerHash(header))))
  }
  const pull = (site: Site): void => {
    const from = site.engine.head().finalHeight + 1
    for (const { block, certificate } of leader.engine.finalizedFrom(from, 8)) {
      const bytes = blockCoder.encode(block)
      guarded(site, (engine) => engine.importBlock({ bytes, certificate }, nowMs))
    }
  }
  const step = (): void => {
    if (chance(0.5) && !calm) {
      const bytes = transaction(leader.engine, { pick, random })
      const verdicts = guarded(leader, (engine) => engine.submit([bytes], nowMs + leader.skewMs))
      if (verdicts?.[0]?.ok) promised.push(transactionHash(bytes))
    }
    const done = guarded(leader, (engine) => engine.tick(nowMs + leader.skewMs))
    for (const out of done?.send ?? []) {
      note(out)
      send(out)
    }
    const due = inFlight.filter(({ atMs }) => atMs <= nowMs)
    inFlight = inFlight.filter(({ atMs }) => atMs > nowMs)
    for (const { to, out } of due) {
      if (out.kind !== 'block') continue
      guarded(to, (engine) =>
        engine.importBlock({ bytes: out.bytes, certificate: undefined }, nowMs),
      )
    }
    for (const site of sites.slice(1)) if (calm || chance(0.05)) pull(site)
    if (chance(0.02)) leader.skewMs = Math.floor((random() - 0.5) * 8_000)
    lines.push(`${nowMs} ${sites.map(({ engine }) => engine.head().height).join(' ')}`)
  }

  for (; nowMs < timeOf(slots); nowMs += Math.floor(random() * slotMs)) step()
  calm = true
  leader.skewMs = 0
  const endMs = nowMs + 80 * slotMs
  for (; nowMs < endMs; nowMs += slotMs) step()
  return {
    kills,
    heads: sites.map(({ engine }) => toHex(engine.head().hash)),
    signed,
    engines: sites.map(({ engine }) => engine),
    promised,
    log: lines.join('\n'),
  }
}

class Killed extends Error {}

function kill(): never {
  throw new Killed('killed at a write')
}

function openSite(proposes: boolean): Site {
  const store = createMemoryChainStore()
  const signer = proposes ? authority : undefined
  return { store, proposes, engine: mustOpen({ store, signer }), skewMs: 0 }
}

const reopen = ({ store, proposes }: Site): Engine =>
  mustOpen({ store, signer: proposes ? authority : undefined })

type Chooser = {
  readonly pick: <T>(list: readonly T[]) => T
  readonly random: () => number
}

/** A payment or gift by somebody, sometimes a bad one. */
function transaction(engine: Engine, { pick, random }: Chooser): Uint8Array {
  const by: Person = pick([alice, bob, carol, faucet])
  const to = pick([alice, bob, carol]).address
  const amount = BigInt(Math.floor(random() * 1_000_000) + 1)
  const payment: Message =
    by === faucet
      ? { TAG: 'faucet', data: { to, amount } }
      : { TAG: 'transfer', data: { to, amount } }
  const { nextNonce } = engine.account(by.address)
  const nonce = random() < 0.1 ? nextNonce + 1n : nextNonce
  const slots = 1n + (amount % 60n)
  const others: readonly Message[] = [
    booking({ provider: to, price: 1n + (amount % 900n), slots }),
    bond(amount),
    unbond(by),
    { TAG: 'announce', data: { topic: 1, body: to } },
  ]
  const message = random() < 0.7 ? payment : pick(others)
  // One fee for all, so that none that was promised gives way to a better one of its nonce.
  return sign({ by, nonce, fee: 2_000n, validUntil: 20_000n, message })
}
