/**
 * Sees to it that releases become money: believes a settlement only with its proof, and sends one itself
 * when the coordinator lets too much time pass.
 */
import type { AccountView } from '../core/api/chain-service.ts'
import { bytesEqual, fromHex, toHex } from '../core/base/bytes.ts'
import type { Genesis } from '../core/chain/genesis.ts'
import { genesisHash as hashOfGenesis, slotMs, unbondNoticeOf } from '../core/chain/genesis.ts'
import type { Outcome } from '../core/chain/outcome.ts'
import { addressOf } from '../core/crypto/address.ts'
import type { Signer } from '../core/crypto/signature.ts'
import type { ServerFrame } from '../core/jobs/miner-protocol.ts'
import type { SiteIdentity } from './agent-state.ts'
import type { ChainClient } from './chain-client.ts'
import type { Journal, JournalRelease } from './journal.ts'
import type { Logger } from './log.ts'
import { codeFor, itemOf, makeSettlement, settlementBatchMax } from './settlement.ts'
import type { Tally } from './tally.ts'

export type SettledFrame = Extract<ServerFrame, { readonly type: 'settled' }>

export type SettlerOptions = {
  /** Host of the site: releases of other sites in the journal are left alone. */
  readonly api: string
  readonly chain: ChainClient
  readonly journal: Journal
  readonly signer: Signer
  readonly log: Logger
  readonly tally: Tally
  readonly settleAfterMs: number
  readonly nowMs: () => number
  /** The outcome of a transaction, when a proof shows that it is final. */
  readonly prove: (input: {
    readonly genesis: Genesis
    readonly transaction: Uint8Array
  }) => Promise<ProvenOutcome>
}

/** `unproven`: not yet, or not reachable: ask again. `false`: the proof does not hold. */
export type ProvenOutcome =
  | { readonly kind: 'proven'; readonly outcome: Outcome; readonly blockHeight: number }
  | { readonly kind: 'unproven'; readonly message: string }
  | { readonly kind: 'false'; readonly message: string }

export type Settler = {
  /** Names chain and coordinator; nothing is settled before. */
  meet(site: SiteIdentity): void
  /** The site says that a payment is final. */
  onSettled(frame: SettledFrame): void
  /** Proves what was claimed, settles what is overdue. Calls that come while one runs are dropped. */
  tick(): Promise<void>
}

type SettlerState = {
  readonly options: SettlerOptions
  site: SiteIdentity | undefined
  genesis: Genesis | undefined
  /** Transaction hash in hex by attempt: said by the site, or sent by us. */
  readonly claims: Map<string, { readonly hash: string; readonly untilMs: number }>
  busy: boolean
  pausedUntilMs: number
  forgetAtMs: number
}

/** How long a claim keeps us from settling ourselves. */
const claimPatienceMs = 60_000

/** Pause between two looks at what may be forgotten. */
const forgetEveryMs = 3_600_000
/** Pause after a settlement of ours was refused. */
export const refusedPauseMs = 60_000

/** Builds the settler; the caller gives it its clock. */
export function createSettler(options: SettlerOptions): Settler {
  const state: SettlerState = {
    options,
    site: undefined,
    genesis: undefined,
    claims: new Map(),
    busy: false,
    pausedUntilMs: 0,
    forgetAtMs: 0,
  }
  return {
    meet(site) {
      if (state.site !== undefined && !bytesEqual(state.site.genesisHash, site.genesisHash)) {
        state.genesis = undefined
        state.claims.clear()
      }
      state.site = site
    },
    onSettled(frame) {
      const untilMs = options.nowMs() + claimPatienceMs
      state.claims.set(frame.attempt_id, { hash: frame.tx_hash, untilMs })
      void tick(state)
    },
    tick: () => tick(state),
  }
}

async function tick(state: SettlerState): Promise<void> {
  if (state.busy) return
  state.busy = true
  try {
    const mine = openReleases(state)
    if (mine.length === 0) return
    const genesis = await genesisOf(state)
    if (genesis === undefined) return
    await forgetSigned(state, genesis)
    await proveClaims(state, genesis)
    await settleOverdue(state, genesis)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    state.options.log.error('settling failed', { reason })
  } finally {
    state.busy = false
  }
}

/** Releases of this site on this chain that are not known to be paid. */
function openReleases(state: SettlerState): JournalRelease[] {
  const { journal, api } = state.options
  if (state.site === undefined) return []
  const chain = toHex(state.site.genesisHash)
  return journal.open().filter((entry) => entry.api === api && entry.genesis_hash === chain)
}

/** The genesis file, once it is shown to be that of the chain that we met. */
async function genesisOf(state: SettlerState): Promise<Genesis | undefined> {
  if (state.genesis !== undefined) return state.genesis
  const { chain, log } = state.options
  const answer = await chain.status()
  if (!answer.ok) {
    log.warn('the chain cannot be asked', { reason: answer.error.message })
    return undefined
  }
  const { genesis } = answer.value
  const expected = state.site?.genesisHash
  if (expected === undefined || !bytesEqual(hashOfGenesis(genesis), expected)) {
    log.error('the site shows the genesis of another chain')
    return undefined
  }
  state.genesis = genesis
  return genesis
}

/** Notes of receipts that are no evidence any more: the journal need not grow for ever. */
async function forgetSigned(state: SettlerState, genesis: Genesis): Promise<void> {
  const { journal, nowMs } = state.options
  if (nowMs() < state.forgetAtMs) return
  state.forgetAtMs = nowMs() + forgetEveryMs
  const slot = slotOf(genesis, nowMs())
  const before = BigInt(slot) - unbondNoticeOf(genesis.parameters)
  if (before > 0n) await journal.forgetSigned(toHex(hashOfGenesis(genesis)), before)
}

const slotOf = (genesis: Genesis, nowMs: number): number =>
  Math.floor((nowMs - Number(genesis.genesisTimeMs)) / slotMs)

async function proveClaims(state: SettlerState, genesis: Genesis): Promise<void> {
  const releases = new Map(openReleases(state).map((entry) => [entry.attempt_id, entry]))
  const byTransaction = new Map<string, JournalRelease[]>()
  for (const [attemptId, { hash }] of state.claims) {
    const release = releases.get(attemptId)
    if (release === undefined) state.claims.delete(attemptId)
    else byTransaction.set(hash, [...(byTransaction.get(hash) ?? []), release])
  }
  for (const [hash, entries] of byTransaction) await proveOne(state, { genesis, hash, entries })
}

async function proveOne(
  state: SettlerState,
  claim: {
    readonly genesis: Genesis
    readonly hash: string
    readonly entries: readonly JournalRelease[]
  },
): Promise<void> {
  const { options, claims } = state
  const transaction = fromHex(claim.hash, 32)
  if (!transaction.ok) return
  const proof = await options.prove({ genesis: claim.genesis, transaction: transaction.value })
  if (proof.kind === 'false') {
    options.log.error('a settlement does not hold', { tx: claim.hash, reason: proof.message })
  }
  for (const entry of claim.entries) {
    if (proof.kind === 'proven') {
      claims.delete(entry.attempt_id)
      await closeBy(state, entry, { hash: claim.hash, ...proof })
    } else if (proof.kind === 'false' || isPast(state, entry.attempt_id)) {
      claims.delete(entry.attempt_id)
    }
  }
}

function isPast(state: SettlerState, attemptId: string): boolean {
  return (state.claims.get(attemptId)?.untilMs ?? 0) < state.options.nowMs()
}

/** Closes a release by what the chain did with it; leaves it open where it can still be paid. */
async function closeBy(
  state: SettlerState,
  entry: JournalRelease,
  proof: { readonly hash: string; readonly outcome: Outcome; readonly blockHeight: number },
): Promise<void> {
  const { journal, log, tally, nowMs } = state.options
  const code = codeFor(proof.outcome, itemOf(entry).authorisation)
  if (code === 'paid' || code === 'already_settled') {
    tally.settled += 1
    tally.settledAmount += BigInt(entry.amount)
    await journal.close({
      kind: 'settled',
      attempt_id: entry.attempt_id,
      tx_hash: proof.hash,
      block_height: proof.blockHeight,
      at_ms: nowMs(),
    })
    log.info('settled', { job: entry.job_id, units: entry.amount, block: proof.blockHeight })
    return
  }
  log.error('a settlement did not pay', { job: entry.job_id, code: code ?? 'not_among_its_items' })
  if (code === 'expired' || code === 'escrow_unknown') await lose(state, entry, code)
}

async function lose(state: SettlerState, entry: JournalRelease, reason: string): Promise<void> {
  const { journal, log, tally, nowMs } = state.options
  tally.unpaid += 1
  log.error('a release was lost', { job: entry.job_id, units: entry.amount, reason })
  await journal.close({ kind: 'lost', attempt_id: entry.attempt_id, reason, at_ms: nowMs() })
}

async function settleOverdue(state: SettlerState, genesis: Genesis): Promise<void> {
  const { options, claims } = state
  const nowMs = options.nowMs()
  const slot = slotOf(genesis, nowMs)
  const overdue: JournalRelease[] = []
  for (const entry of openReleases(state)) {
    if (BigInt(entry.settle_by) < BigInt(slot)) await lose(state, entry, 'expired')
    else if (claims.has(entry.attempt_id)) continue
    else if (nowMs - entry.received_at_ms >= options.settleAfterMs) overdue.push(entry)
  }
  if (overdue.length === 0 || nowMs < state.pausedUntilMs) return
  const batch = await unpaid(state, overdue.slice(0, settlementBatchMax))
  if (batch.length === 0) return
  const sent = await send(state, { genesis, slot, batch })
  if (sent !== undefined) {
    state.pausedUntilMs = nowMs + refusedPauseMs
    options.log.warn('our own settlement was not taken', { releases: overdue.length, reason: sent })
  }
}

/** Those that the read model does not know as paid; the others become claims, to be proven like any. */
async function unpaid(
  state: SettlerState,
  overdue: readonly JournalRelease[],
): Promise<JournalRelease[]> {
  const { chain, nowMs } = state.options
  const left: JournalRelease[] = []
  for (const entry of overdue) {
    const known = await chain.settlementOf(itemOf(entry).release.receiptHash)
    if (known.ok && known.value !== undefined) {
      const untilMs = nowMs() + claimPatienceMs
      state.claims.set(entry.attempt_id, { hash: toHex(known.value), untilMs })
    } else {
      left.push(entry)
    }
  }
  return left
}

/** Whether a credit would create the account. */
function isNew({ nonce, balance }: AccountView): boolean {
  return nonce === 0n && balance === 0n
}

/** Sends a settlement; returns why not. */
async function send(
  state: SettlerState,
  work: {
    readonly genesis: Genesis
    readonly slot: number
    readonly batch: readonly JournalRelease[]
  },
): Promise<string | undefined> {
  const { options, claims } = state
  const { chain, signer, log, nowMs } = options
  const status = await chain.status()
  if (!status.ok) return status.error.message
  const account = await chain.account(addressOf(signer.publicKey))
  if (!account.ok) return account.error.message
  const coordinator = await chain.account(addressOf((state.site as SiteIdentity).coordinator))
  if (!coordinator.ok) return coordinator.error.message
  const transaction = makeSettlement({
    genesis: work.genesis,
    genesisHash: hashOfGenesis(work.genesis),
    signer,
    items: work.batch.map(itemOf),
    nonce: account.value.nextNonce,
    slot: Math.max(work.slot, status.value.status.currentSlot),
    newAccounts: [account.value, coordinator.value].filter(isNew).length,
  })
  const verdict = await chain.submit(transaction)
  if (!verdict.ok) return verdict.error.message
  if (!verdict.value.ok) return `${verdict.value.error.code}: ${verdict.value.error.message}`
  const hash = toHex(verdict.value.hash)
  log.info('settling releases ourselves', { releases: work.batch.length, tx: hash })
  const untilMs = nowMs() + claimPatienceMs
  for (const entry of work.batch) claims.set(entry.attempt_id, { hash, untilMs })
  return undefined
}
