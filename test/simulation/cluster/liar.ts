/**
 * What an authority may say that has its key and no scruples: blocks with wrong roots, votes for what does
 * not exist, certificates that are none, other people's messages changed, and plain rubbish.
 */
import { concatBytes } from '@noble/hashes/utils.js'
import { bytesEqual } from '../../../core/base/bytes.ts'
import {
  blockCoder,
  type Certificate,
  type Commit,
  commitSigningBytes,
  type Header,
  headerHash,
  headerSigningBytes,
} from '../../../core/chain/block.ts'
import type { Engine, Outbound } from '../../../core/chain/engine-api.ts'
import { authoritySetHash, type Genesis, genesisHash } from '../../../core/chain/genesis.ts'
import { finalityMessageCoder, type Vote, voteSigningBytes } from '../../../core/chain/vote.ts'
import { randomBytesOf } from './keys.ts'
import { createForger } from './liar-block.ts'
import { authorityOf, type Site } from './sites.ts'

/** `isSigned`: a message that is well formed and by its own key. `forged`: hash of a block that is not valid. */
export type Lie = {
  readonly out: Outbound
  readonly isSigned: boolean
  readonly forged?: Uint8Array
}

type LiarOptions = {
  readonly genesis: Genesis
  /** A whole number from 0 to below the given one, by the run's own chance. */
  readonly below: (n: number) => number
}

/** A source of lies, the same for the same chance. */
export function createLiar({ genesis, below }: LiarOptions) {
  const chain = genesisHash(genesis)
  const authorities = authoritySetHash(genesis.authorities)
  const rubbish = (length: number): Uint8Array => randomBytesOf(below, length)

  /** A vote in an authority's name, signed with the liar's own key. */
  const voteOf = ({ index }: Site, vote: Vote, authority = index): Lie => {
    const signature = authorityOf(index).sign(voteSigningBytes(chain, vote))
    const bytes = finalityMessageCoder.encode({ TAG: 'vote', data: { authority, vote, signature } })
    const slot = Number(vote.target.slot)
    return { out: { kind: 'message', bytes, slot }, isSigned: authority === index }
  }
  const signCommit = ({ index }: Site, commit: Commit) => ({
    authority: index,
    signature: authorityOf(index).sign(commitSigningBytes(chain, commit)),
  })
  const commitOf = (site: Site, commit: Commit): Lie => {
    const data = { commit, ...signCommit(site, commit) }
    const bytes = finalityMessageCoder.encode({ TAG: 'commit', data })
    return { out: { kind: 'message', bytes, slot: Number(commit.slot) }, isSigned: true }
  }
  const certificateOf = (certificate: Certificate): Lie => ({
    out: { kind: 'certificate', certificate },
    isSigned: false,
  })
  const unsigned = (bytes: Uint8Array, kind: 'block' | 'message'): Lie =>
    kind === 'block'
      ? { out: { kind, bytes }, isSigned: false }
      : { out: { kind, bytes, slot: 0 }, isSigned: false }
  /** A bit changed, the end cut off, or a byte more. */
  const damaged = (bytes: Uint8Array): Uint8Array => {
    const way = below(3)
    if (way === 0) return bytes.subarray(0, below(bytes.length))
    if (way === 1) return concatBytes(bytes, rubbish(1))
    const at = below(bytes.length)
    const bit = 1 << below(8)
    return bytes.map((byte, index) => (index === at ? byte ^ bit : byte))
  }
  const finalRef = (engine: Engine): Commit => {
    const { finalHeight, finalSlot, finalHash } = engine.head()
    return {
      authorities,
      slot: BigInt(finalSlot),
      height: BigInt(finalHeight),
      block: finalHash,
    }
  }
  /** A block above the final one that the head does not stand on. */
  const straySource = ({ engine, store }: Site): Pick<Commit, 'slot' | 'block'> | undefined => {
    const { finalHeight, height } = engine.head()
    for (let at = finalHeight + 1; at < height; at++) {
      const [indexed] = engine.hashesFrom(at, 1)
      for (const block of store.listBlocksAt(at)) {
        if (!indexed || bytesEqual(block, indexed)) continue
        return { slot: BigInt(store.readBlock(block)?.slot ?? 0), block }
      }
    }
    return undefined
  }
  const refAt = (engine: Engine): Commit => {
    const { finalHeight, height } = engine.head()
    const view = engine.blockAt(finalHeight + below(height - finalHeight + 1))
    if (!view) return { authorities, slot: 0n, height: 0n, block: rubbish(32) }
    const { header } = view
    return { authorities, slot: header.slot, height: header.height, block: view.hash }
  }
  /** Nobody holds it, the slot is to come, or the source is not justified, not below it, or too old. */
  const vote = (site: Site, slot: number): Lie => {
    const target = refAt(site.engine)
    const origin = below(2) === 0 ? finalRef(site.engine) : refAt(site.engine)
    if (below(4) === 0) Object.assign(target, { slot: BigInt(slot + below(4)), block: rubbish(32) })
    if (below(4) === 0) Object.assign(origin, { block: rubbish(32) })
    const made = {
      authorities,
      source: { slot: origin.slot, block: origin.block },
      target: { slot: target.slot, height: target.height, block: target.block },
    }
    return below(4) === 0 ? voteOf(site, made, below(site.index)) : voteOf(site, made)
  }
  const commit = (site: Site, slot: number): Lie => {
    const made = refAt(site.engine)
    const madeUp = { slot: below(2) === 0 ? BigInt(slot) : made.slot, block: rubbish(32) }
    return commitOf(site, below(2) === 0 ? { ...made, ...madeUp } : made)
  }
  /** By too few, by one several times, or with signatures that others gave to something else. */
  const certificate = (site: Site): Lie => {
    const made = refAt(site.engine)
    const own = signCommit(site, made)
    const way = below(3)
    if (way === 0) return certificateOf({ ...made, signatures: [own] })
    if (way === 1) {
      return certificateOf({ ...made, signatures: genesis.authorities.map(() => own) })
    }
    const given = new Map([[own.authority, own.signature]])
    for (const bytes of site.engine.openMessages()) {
      const { authority, signature } = finalityMessageCoder.decode(bytes).data
      if (authority !== site.index) given.set(authority, signature)
    }
    const rising = [...given].sort(([a], [b]) => a - b)
    return certificateOf({
      ...made,
      signatures: rising.map(([authority, signature]) => ({ authority, signature })),
    })
  }
  const changed = ({ engine }: Site): Lie => {
    const messages = engine.openMessages()
    const message = messages[below(Math.max(messages.length, 1))]
    if (message && below(2) === 0) return unsigned(damaged(message), 'message')
    const block = engine.blockBytes(engine.head().hash)
    return unsigned(block ? damaged(block) : rubbish(80), 'block')
  }
  const forge = createForger({ genesis, below })
  return {
    /** A block for this slot around something that has no place in one. */
    forge(site: Site, slot: number): Lie | undefined {
      const forged = forge(site, slot)
      return (
        forged && {
          out: { kind: 'block', bytes: forged.bytes },
          isSigned: false,
          forged: forged.hash,
        }
      )
    },
    /** Its own vote or commit once more, for another block of that slot or from another source. */
    twist(site: Site, bytes: Uint8Array): Lie {
      const message = finalityMessageCoder.decode(bytes)
      if (message.TAG === 'commit') {
        return commitOf(site, { ...message.data.commit, block: rubbish(32) })
      }
      const { vote } = message.data
      const stray = straySource(site) ?? finalRef(site.engine)
      const origin = below(2) === 0 ? stray : refAt(site.engine)
      return voteOf(site, { ...vote, source: { slot: origin.slot, block: origin.block } })
    },
    /** Something untrue about the chain as the liar sees it. */
    invent(site: Site, slot: number): Lie {
      const way = below(6)
      if (way === 0) return vote(site, slot)
      if (way === 1) return vote(site, slot)
      if (way === 2) return commit(site, slot)
      if (way === 3) return certificate(site)
      if (way === 4) return changed(site)
      return unsigned(rubbish(1 + below(300)), below(2) === 0 ? 'block' : 'message')
    },
    /** Its own block once more, properly signed and wrong in one place. */
    spoil({ index }: Site, bytes: Uint8Array): Lie {
      const { signedHeader, transactions } = blockCoder.decode(bytes)
      const { header } = signedHeader
      const wrong: Partial<Header>[] = [
        { stateRoot: rubbish(32) },
        { outcomesRoot: rubbish(32) },
        { transactionsRoot: rubbish(32) },
        { historyRoot: rubbish(32) },
        { authorities: rubbish(32) },
        { version: 2 },
        { height: header.height + 1n },
        { slot: header.slot + 1n },
        { proposer: authorityOf(index + 1).publicKey },
      ]
      const spoiled: Header = { ...header, ...wrong[below(wrong.length)] }
      const signature = authorityOf(index).sign(headerSigningBytes(chain, spoiled))
      const block = blockCoder.encode({
        signedHeader: { header: spoiled, signature },
        transactions,
      })
      return {
        out: { kind: 'block', bytes: block },
        isSigned: false,
        forged: headerHash(spoiled),
      }
    },
  }
}
