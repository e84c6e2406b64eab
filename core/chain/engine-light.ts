/**
 * Serving light clients: the way from a block that they remember to the newest final one, and facts under
 * it. The way names every block that changed the authorities, found by halving, since sets change rarely.
 */
import { bytesEqual } from '../base/bytes.ts'
import { floor } from '../base/int.ts'
import { assert } from '../base/result.ts'
import { historyInclusionPath } from '../crypto/history.ts'
import type { Header } from './block.ts'
import type { EngineContext, EngineMemory } from './engine-core.ts'
import { buildFact } from './engine-proof.ts'
import { certificateAt, finalState, heldAt } from './engine-views.ts'
import { type AuthoritySet, authoritySetHash } from './genesis.ts'
import type { LightRange, LightState, LightStep, LightUpdate } from './light.ts'
import type { LightAnswer } from './light-fact.ts'
import { changeScanMax, lightStepsMax } from './limits.ts'
import { wayCoder } from './snapshot.ts'
import { decodeTransaction } from './transaction.ts'
import type { ProofError, ProofSubject } from './views.ts'

/**
 * The way from height `from` to the newest final block, or to the final one at height `to`; ends where a link
 * of it is not held, which the client then sees.
 */
export function buildUpdate(
  context: EngineContext,
  memory: EngineMemory,
  { from, to: last = memory.consensus.final.height }: LightRange,
): LightUpdate {
  if (last === 0 || last > memory.consensus.final.height) return { steps: [], more: false }
  if (from < last && !context.store.readHeight(from)) {
    return updateFromBase(context, memory, { from, to: last })
  }
  const authoritiesAt = (height: number) => headerAt(context, height).authorities
  // The last block is certified by the set before it.
  const to = last - 1
  const heights = from < to ? changesBetween(authoritiesAt, { from, to, limit: lightStepsMax }) : []
  const reached = heights.at(-1)
  const more =
    reached !== undefined &&
    heights.length === lightStepsMax &&
    !bytesEqual(authoritiesAt(reached), authoritiesAt(to))
  if (!more) heights.push(last)
  const steps: LightStep[] = []
  let before = from
  for (const height of heights) {
    const step = stepTo(context, memory, { before, height })
    if (!step) break
    steps.push(step)
    before = height
  }
  return { steps, more }
}

/**
 * The way from below the block with which this site began: that of its snapshot, and on from there. Whoever
 * stands between two blocks of it is shown nothing, since the history there is not held.
 */
function updateFromBase(
  context: EngineContext,
  memory: EngineMemory,
  { from, to }: Required<LightRange>,
): LightUpdate {
  const note = context.store.readNote('base')
  const way = note ? wayCoder.decode(note) : []
  const heights = [0, ...way.map(({ header }) => Number(header.height))]
  const rest = way.slice(heights.indexOf(from))
  const base = heights.at(-1) as number
  const isShown = heights.includes(from) && rest.length > 0 && to >= base
  if (!isShown) return { steps: [], more: false }
  if (rest.length > lightStepsMax) return { steps: rest.slice(0, lightStepsMax), more: true }
  const on = buildUpdate(context, memory, { from: base, to })
  return { steps: [...rest, ...on.steps], more: on.more }
}

/**
 * What a light client remembers that stands at this site's newest final block; undefined while that is
 * genesis, with which everybody begins.
 */
export function lightStateOf(context: EngineContext, memory: EngineMemory): LightState | undefined {
  const { hash, height, slot } = memory.consensus.final
  if (height === 0) return undefined
  const { authorities: named } = headerAt(context, height)
  const authorities = setOf(context, memory, { hash: named, height })
  assert(authorities, 'the final state knows the authorities in force')
  const { genesisHash } = context.rules
  const genesisTimeMs = Number(context.genesis.genesisTimeMs)
  return { genesisHash, genesisTimeMs, authorities, since: height, head: { hash, height, slot } }
}

/** A fact with the way to the block under which it is final. */
export function buildLightAnswer(
  context: EngineContext,
  memory: EngineMemory,
  asked: { readonly subject: ProofSubject; readonly from: number },
): LightAnswer | ProofError {
  const update = buildUpdate(context, memory, { from: asked.from })
  if (update.more) return { update, fact: undefined, path: [] }
  const fact = buildFact(context, memory, asked.subject)
  if ('code' in fact) return fact
  const { height: last } = memory.consensus.final
  return { update, fact, path: pathBetween(context, Number(fact.header.height), last) }
}

/**
 * Heights in (from, to] whose block puts another set in force, ascending, at most `limit`, such that each
 * set on the way to that of `to` is met. A set that came and went in between may be passed over: its
 * certificates are not needed.
 */
export function changesBetween(
  authoritiesAt: (height: number) => Uint8Array,
  { from, to, limit }: { readonly from: number; readonly to: number; readonly limit: number },
): number[] {
  const found: number[] = []
  const last = authoritiesAt(to)
  let at = from
  while (at < to && found.length < limit) {
    const set = authoritiesAt(at)
    if (bytesEqual(set, last)) break
    // The set in force after `low` is still this one, after `high` it is not.
    let [low, high] = [at, to]
    while (high - low > 1) {
      const middle = low + floor((high - low) / 2)
      if (bytesEqual(authoritiesAt(middle), set)) low = middle
      else high = middle
    }
    found.push(high)
    at = high
  }
  return found
}

function stepTo(
  context: EngineContext,
  memory: EngineMemory,
  { before, height }: { readonly before: number; readonly height: number },
): LightStep | undefined {
  const held = heldAt(context, height)
  const certificate = held && certificateAt(context, memory, held)
  if (!held || !certificate) return undefined
  const { header } = held.block.signedHeader
  // Who stands there already wants neither a path nor the set.
  if (before >= height) return { header, certificate, path: [], authorities: undefined }
  const isChange = !bytesEqual(header.authorities, headerAt(context, height - 1).authorities)
  const named = { hash: header.authorities, height }
  const authorities = isChange ? setOf(context, memory, named) : undefined
  if (isChange && !authorities) return undefined
  return { header, certificate, path: pathBetween(context, before, height), authorities }
}

/** From the block at a height to the history root of a later one; empty where it is not later. */
function pathBetween({ store }: EngineContext, height: number, later: number): Uint8Array[] {
  if (height >= later) return []
  const read = (level: number, index: number): Uint8Array => {
    const node = store.readHistoryNode(level, index)
    assert(node, 'the history of final blocks is kept')
    return node
  }
  return historyInclusionPath(read, { size: later, index: height })
}

function headerAt(context: EngineContext, height: number): Header {
  const held = heldAt(context, height)
  assert(held, 'a final block is held')
  return held.block.signedHeader.header
}

/**
 * The set that the block at a height puts in force. Genesis and the newest final state know most of them;
 * older ones are in the transactions that named them, at some height before.
 */
function setOf(
  context: EngineContext,
  memory: EngineMemory,
  { hash, height }: { readonly hash: Uint8Array; readonly height: number },
): AuthoritySet | undefined {
  const { set, before, pending } = finalState(context, memory).authorities() ?? {}
  const known = [context.genesis.authorities, set, before, pending?.set]
  const found = known.find((each) => each && bytesEqual(authoritySetHash(each), hash))
  return found ?? setNamedBefore(context, height, hash)
}

function setNamedBefore(
  context: EngineContext,
  height: number,
  hash: Uint8Array,
): AuthoritySet | undefined {
  for (let at = height; at > 0 && at > height - changeScanMax; at--) {
    const transactions = heldAt(context, at)?.block.transactions ?? []
    for (const bytes of transactions) {
      const decoded = decodeTransaction(bytes)
      const message = decoded.ok ? decoded.value.body.message : undefined
      if (message?.TAG !== 'authority_change') continue
      const { set } = message.data.terms
      if (bytesEqual(authoritySetHash(set), hash)) return set
    }
  }
  return undefined
}
