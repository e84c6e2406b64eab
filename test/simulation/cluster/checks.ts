/**
 * What must hold in a cluster after every event, whatever the weather: one final block a height, each
 * final transaction applied once and never gone, supply conserved, honest authorities beyond reproach. What
 * makes a block final is counted here once more, from the messages as they were sent.
 */
import { bytesEqual, fromHex, toHex } from '../../../core/base/bytes.ts'
import { quorumOf } from '../../../core/base/int.ts'
import { blockCoder, headerHash } from '../../../core/chain/block.ts'
import { openEngine } from '../../../core/chain/engine.ts'
import type {
  FoundOffence,
  ImportError,
  MessageError,
  Outbound,
  Step,
} from '../../../core/chain/engine-api.ts'
import { crosses, isDoubleCommit, isDoubleVote } from '../../../core/chain/evidence.ts'
import type { Genesis } from '../../../core/chain/genesis.ts'
import { transactionCoder, transactionHash } from '../../../core/chain/transaction.ts'
import {
  type AuthorityCommit,
  type AuthorityVote,
  finalityMessageCoder,
} from '../../../core/chain/vote.ts'
import { addressOf } from '../../../core/crypto/address.ts'
import { createMemoryChainStore } from '../../support/memory-chain-store.ts'
import { cheapVerifier } from './keys.ts'
import { createLedger } from './ledger.ts'
import { createRecount } from './recount.ts'
import type { Site } from './sites.ts'

type ChecksOptions = {
  readonly genesis: Genesis
  /** Whether the villains are few enough for safety to be promised. */
  readonly tolerated: boolean
  /** Indexes of authorities that exist twice or lie. */
  readonly villains: readonly number[]
}

/** Watches one run. */
export function createChecks({ genesis, tolerated, villains }: ChecksOptions) {
  const faults: string[] = []
  const offences: FoundOffence[] = []
  /** Final hash by height, as the first site said it. */
  const finals = new Map<number, string>()
  /** Height at which a final transaction stands. */
  const applied = new Map<string, number>()
  /** What an honest site said it would keep. */
  let promised: { readonly site: Site; readonly bytes: Uint8Array }[] = []
  const forged = new Set<string>()
  const ledger = createLedger(genesis)
  const parents = new Map<string, { readonly parent: string; readonly height: number }>()
  const votes: AuthorityVote[] = []
  const commits: AuthorityCommit[] = []
  const finalOf = new Map<Site, number>()
  /** Where two chains are final, a transaction may well be on both. */
  const twice: string[] = []
  let conflict = false
  let moved = 0
  const supply = genesis.accounts.reduce((sum, { balance }) => sum + balance, 0n)
  const standsOn = (hash: string, ancestor: string): boolean => {
    let at: string | undefined = hash
    while (at !== undefined && at !== ancestor) at = parents.get(at)?.parent
    return at === ancestor
  }
  const recount = createRecount({ genesis, standsOn })
  const complain = (what: string): void => void faults.push(what)

  const afterStep = (site: Site, step: Step): void => {
    if (step.deserted > 0) moved += 1
    for (const { hash, height } of site.honest ? step.added : []) {
      if (forged.has(toHex(hash))) complain(`${site.name} took over a forged block at ${height}`)
    }
    if (step.added.length + step.offences.length === 0 && !step.finalized) return
    for (const offence of step.offences) {
      offences.push(offence)
      if (!villains.includes(offence.authority)) {
        complain(`${site.name} accuses the honest site-${offence.authority} of ${offence.kind}`)
      }
    }
    if (step.finalized && site.honest) noteFinal(site, step.finalized)
    const { held } = site.engine.status(0).supply
    if (held !== supply) complain(`${site.name} holds ${held} of ${supply}`)
  }
  const noteFinal = (site: Site, { from, to }: { from: number; to: number }): void => {
    const before = finalOf.get(site) ?? 0
    if (from > before + 1) complain(`${site.name} skipped finality from ${before} to ${from}`)
    finalOf.set(site, to)
    const { certificate, finalHeight, finalHash } = site.engine.head()
    if (!certificate || !recount.isCertificate(certificate, { finalHeight, finalHash })) {
      complain(`${site.name} holds ${finalHeight} for final without a quorum of commits`)
    }
    for (const what of strayBlocks(site)) complain(what)
    for (const { view, transactions } of site.engine.finalizedFrom(from, to - from + 1)) {
      const { header } = view
      const height = Number(header.height)
      const hash = toHex(view.hash)
      const known = finals.get(height)
      if (known !== undefined && known !== hash) {
        conflict = true
        if (tolerated) complain(`two final blocks at height ${height}`)
        continue
      }
      if (known !== undefined) continue
      finals.set(height, hash)
      const wrong = ledger.enter(
        header.proposer,
        transactions.map(({ bytes }) => bytes),
        header.slot,
      )
      if (!conflict) faults.push(...wrong)
      for (const { bytes } of transactions) {
        const name = toHex(transactionHash(bytes))
        if (applied.has(name)) twice.push(`a transaction is final twice, at height ${height}`)
        applied.set(name, height)
      }
    }
  }
  /** Everything that was ever signed, as one who sees all of it. */
  const sent = (from: Site, out: Outbound): void => {
    if (out.kind === 'block') {
      const { header } = blockCoder.decode(out.bytes).signedHeader
      const hash = toHex(headerHash(header))
      parents.set(hash, { parent: toHex(header.parent), height: Number(header.height) })
    }
    if (out.kind !== 'message') return
    const message = finalityMessageCoder.decode(out.bytes)
    if (message.TAG === 'vote') {
      votes.push(message.data)
      recount.voted(message.data)
      return
    }
    const { commit, authority } = message.data
    commits.push(message.data)
    const { finalSlot } = from.engine.head()
    if (from.honest && !recount.isJustified(toHex(commit.block), finalSlot)) {
      complain(`site-${authority} committed to slot ${commit.slot} without a quorum of votes`)
    }
  }
  const provable = (): Set<number> => {
    const guilty = new Set<number>()
    for (const [index, vote] of votes.entries()) {
      if (votes.slice(0, index).some((other) => isDoubleVote(other, vote))) {
        guilty.add(vote.authority)
      }
      for (const commit of commits) {
        const on = standsOn(toHex(vote.vote.target.block), toHex(commit.commit.block))
        if (crosses(vote, commit, on)) guilty.add(vote.authority)
      }
    }
    for (const [index, commit] of commits.entries()) {
      if (commits.slice(0, index).some((other) => isDoubleCommit(other, commit))) {
        guilty.add(commit.authority)
      }
    }
    return guilty
  }
  const atEnd = (honest: readonly Site[], agreed: boolean): void => {
    if (faults.length > 0) return
    const guilty = provable()
    for (const authority of guilty) {
      if (!villains.includes(authority)) complain(`the honest site-${authority} looks guilty`)
    }
    const n = genesis.authorities.length
    if (conflict) {
      const least = 2 * quorumOf(n) - n
      if (guilty.size < least) {
        complain(`finality conflicts, but only ${guilty.size} of ${least} offenders are provable`)
      }
      return
    }
    faults.push(...twice)
    if (!agreed && tolerated) {
      const heads = honest.map(({ name, engine }) => {
        const { height, finalHeight, hash } = engine.head()
        return `${name} ${height}:${toHex(hash).slice(0, 8)} final ${finalHeight}`
      })
      complain(`no one final head after the calm: ${heads.join(', ')}`)
      return
    }
    if (!agreed) return
    for (const site of honest) {
      for (const what of ledger.compare(site.engine)) complain(`${site.name} has ${what}`)
      // Who began from a snapshot does not hold what came before it.
      for (const name of beginningOf(site) === 0 ? applied.keys() : []) {
        if (!site.engine.transaction(fromName(name))?.final) {
          complain(`the final transaction ${name} is gone from ${site.name}`)
        }
      }
    }
    for (const { site, bytes } of promised) keepsPromise(site, bytes)
    const first = honest.find((site) => beginningOf(site) === 0)
    if (first) replay(first, honest)
  }
  /** What a site has acknowledged is applied, waits there, or has given way to another of its nonce. */
  const keepsPromise = (site: Site, bytes: Uint8Array): void => {
    const { engine } = site
    const { sender, nonce } = transactionCoder.decode(bytes).body
    const address = addressOf(sender)
    if (engine.transaction(transactionHash(bytes)) || engine.account(address).nonce > nonce) return
    const waits = engine.pool(1_000).some((pooled) => {
      const { body } = transactionCoder.decode(pooled.bytes)
      return bytesEqual(body.sender, sender) && body.nonce === nonce
    })
    if (!waits) complain(`${site.name} has lost a transaction that it had acknowledged`)
  }
  /** An honest site's chain is valid from the first block on, for whoever checks it again. */
  const replay = (site: Site, honest: readonly Site[]): void => {
    const opened = openEngine({
      store: createMemoryChainStore(),
      genesis,
      verifier: cheapVerifier,
      signer: undefined,
    })
    if (!opened.ok) throw new Error(opened.error.message)
    const { finalHeight } = site.engine.head()
    const nowMs = Number.MAX_SAFE_INTEGER / 2
    for (const hash of site.engine.hashesFrom(1, finalHeight)) {
      const bytes = site.engine.blockBytes(hash)
      const done = bytes && opened.value.importBlock({ bytes, certificate: undefined }, nowMs)
      if (!done?.ok) {
        complain(`the chain of ${site.name} is not valid: ${done?.error.code}`)
        return
      }
    }
    const { held, entries } = opened.value.audit()
    if (held !== supply) complain('money is not conserved')
    // A binary tree has a fork less than leaves.
    const nodes = 2 * entries - 1
    for (const each of honest) {
      const { name, store, engine } = each
      const blocks = finalHeight + 1 - beginningOf(each)
      const kept = store.sizes()
      const pooled = engine.status(0).mempoolSize
      if (kept.nodes === nodes && kept.blocks === blocks && kept.pooled === pooled) continue
      complain(
        `${name} keeps ${kept.blocks} blocks, ${kept.nodes} nodes and ${kept.pooled} transactions` +
          `, not ${blocks}, ${nodes} and ${pooled}`,
      )
    }
  }
  return {
    faults,
    offences,
    afterStep,
    sent,
    atEnd,
    moves: () => moved,
    conflict: () => conflict,
    submitted: (site: Site, bytes: Uint8Array) => void promised.push({ site, bytes }),
    forged: (hash: Uint8Array) => void forged.add(toHex(hash)),
    /** What became final just before a site was killed is durable, though nobody was told. */
    reopened: (site: Site): void => {
      const [before, { finalHeight }] = [finalOf.get(site) ?? 0, site.engine.head()]
      if (site.honest && finalHeight > before) {
        noteFinal(site, { from: before + 1, to: finalHeight })
      }
    },
    /** A backup has forgotten what was promised after it. */
    restored: (site: Site): void => {
      finalOf.set(site, site.engine.head().finalHeight)
      promised = promised.filter((promise) => promise.site !== site)
    },
    refused: (site: Site, from: Site, refused: readonly (ImportError | MessageError)[]): void => {
      // Among honest sites only time explains a refusal.
      const excused = ['BLOCK_EARLY', 'BEHIND_FINAL', 'PARENT_UNKNOWN']
      for (const { code, message } of refused) {
        if (conflict || !from.honest || !site.honest || excused.includes(code)) continue
        complain(`${site.name} refused ${from.name}: ${code} ${message}`)
      }
    },
  }
}

/** Height of the first block that a site holds. */
function beginningOf({ engine }: Site): number {
  let height = 0
  while (!engine.blockAt(height)) height += 1
  return height
}

function fromName(name: string): Uint8Array {
  const read = fromHex(name)
  if (!read.ok) throw new Error('a name is hex')
  return read.value
}

/** Blocks above the final one whose parent is not held. */
function strayBlocks({ name, engine, store }: Site): string[] {
  const { finalHeight } = engine.head()
  const stray: string[] = []
  for (let height = finalHeight + 1; ; height++) {
    const hashes = store.listBlocksAt(height)
    if (hashes.length === 0) return stray
    for (const hash of hashes) {
      const parent = store.readBlock(hash)?.parent
      if (parent && !store.readBlock(parent))
        stray.push(`${name} keeps a block on nothing at ${height}`)
    }
  }
}
