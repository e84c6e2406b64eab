/**
 * A light client: who remembers one final block and the authorities after it can follow the chain by
 * headers and certificates alone, whoever hands them over. Data in, verdict out; no site is trusted.
 *
 * Every step is a block with its certificate, signed by the set in force, and a path that shows the last
 * verified block among its ancestors. A block that changes the set brings the new one along; from then on
 * only certificates of the new set count. Rules: SPEC.md, LIGHT.
 */
import { bytesEqual } from '../base/bytes.ts'
import { err, ok, type Result } from '../base/result.ts'
import { verifyInclusion } from '../crypto/merkle.ts'
import type { Verifier } from '../crypto/signature.ts'
import { type Certificate, type Header, headerHash } from './block.ts'
import { verifyCertificate } from './certificate.ts'
import { type AuthoritySet, authoritySetHash, type Genesis, genesisHash } from './genesis.ts'
import { createGenesisBlock } from './genesis-block.ts'

/** A final block, named. */
export type LightHead = {
  readonly hash: Uint8Array
  readonly height: number
  readonly slot: number
}

/** All that a light client trusts. It moves forward only. */
export type LightState = {
  readonly genesisHash: Uint8Array
  /** Unix milliseconds of slot 0. */
  readonly genesisTimeMs: number
  /** The set whose certificates count, for blocks above `since`. */
  readonly authorities: AuthoritySet
  /** Height of the block that put the set in force. */
  readonly since: number
  /** Newest verified block. */
  readonly head: LightHead
}

/** One certified block on the way. */
export type LightStep = {
  readonly header: Header
  readonly certificate: Certificate
  /** From the last verified block to `header.historyRoot`; empty for that block itself or an older one. */
  readonly path: readonly Uint8Array[]
  /** The set after this block, where it is not the one before; undefined otherwise. */
  readonly authorities: AuthoritySet | undefined
}

/**
 * The way from a height to a site's newest final block: the blocks that change the authorities, then that
 * block. No steps while only genesis is final. `more`: the way goes on; ask again from its last height.
 */
export type LightUpdate = { readonly steps: readonly LightStep[]; readonly more: boolean }

/** Heights of the verified block and of the one that is led to; without `to` the newest final one. */
export type LightRange = { readonly from: number; readonly to?: number | undefined }

/** A final block to begin with instead of genesis: from a source that is trusted. */
export type Checkpoint = LightHead & {
  /** Hash of the set that votes after it. */
  readonly authorities: Uint8Array
}

/** Why nothing is believed. */
export type LightFault = { readonly code: LightCode; readonly message: string }
export type LightCode =
  | 'CHAIN_DIFFERENT'
  | 'CHECKPOINT_INVALID'
  | 'MALFORMED'
  | 'NOT_CERTIFIED'
  | 'AUTHORITIES_INVALID'
  | 'HEAD_OLDER'
  | 'HEAD_FORKED'
  | 'NOT_EXTENDED'
  | 'NOT_ON_CHAIN'
  | 'NOT_INCLUDED'
  | 'WRONG_SUBJECT'

/** Begins at block 0 of the chain that `expected` names: a hash from a source that is trusted. */
export function startLight(genesis: Genesis, expected: Uint8Array): Result<LightState, LightFault> {
  const hash = genesisHash(genesis)
  if (!bytesEqual(hash, expected)) {
    return lightFault('CHAIN_DIFFERENT', 'this genesis is that of another chain')
  }
  const { header } = createGenesisBlock(genesis)
  return ok({
    genesisHash: hash,
    genesisTimeMs: Number(genesis.genesisTimeMs),
    authorities: genesis.authorities,
    since: 0,
    head: { hash: headerHash(header), height: 0, slot: 0 },
  })
}

/** Begins at a checkpoint of that chain. `authorities` may come from anybody: its hash is checked. */
export function startLightAt(
  genesis: Genesis,
  expected: Uint8Array,
  given: { readonly checkpoint: Checkpoint; readonly authorities: AuthoritySet },
): Result<LightState, LightFault> {
  const hash = genesisHash(genesis)
  if (!bytesEqual(hash, expected)) {
    return lightFault('CHAIN_DIFFERENT', 'this genesis is that of another chain')
  }
  const { authorities } = given
  const { hash: block, height, slot } = given.checkpoint
  const isWhole = [height, slot].every((count) => Number.isSafeInteger(count) && count >= 0)
  if (!isWhole || block.length !== 32) {
    return lightFault('CHECKPOINT_INVALID', 'the checkpoint names no block')
  }
  if (authorities.length === 0 || !isSet(authorities, given.checkpoint.authorities)) {
    return lightFault('AUTHORITIES_INVALID', 'these are not the authorities of the checkpoint')
  }
  const genesisTimeMs = Number(genesis.genesisTimeMs)
  const head = { hash: block, height, slot }
  return ok({ genesisHash: hash, genesisTimeMs, authorities, since: height, head })
}

/**
 * Follows an update. The state is the newest one that was shown, or the fault of the first step that does
 * not hold: then nothing of the update counts. Never throws.
 */
export function advanceLight(
  state: LightState,
  update: LightUpdate,
  verifier: Verifier,
): Result<LightState, LightFault> {
  // What strangers send may have any form.
  try {
    let at = state
    if (update.steps.length === 0 && state.head.height > 0) return older(0, state.head.height)
    for (const step of update.steps) {
      const next = takeStep(at, step, verifier)
      if (!next.ok) return next
      at = next.value
    }
    if (update.more && at.head.height <= state.head.height) {
      return lightFault('MALFORMED', 'the way to the newest block does not lead on')
    }
    return ok(at)
  } catch {
    return lightFault('MALFORMED', 'a field has the wrong form')
  }
}

/** Whether a header is the verified head or, by its path, an ancestor of it. `head` is that head's header. */
export function isOnChain(
  state: LightState,
  claim: {
    readonly header: Header
    readonly path: readonly Uint8Array[]
    readonly head: Header
  },
): boolean {
  if (!bytesEqual(headerHash(claim.head), state.head.hash)) return false
  const hash = headerHash(claim.header)
  if (bytesEqual(hash, state.head.hash)) return claim.path.length === 0
  return standsOn(claim.head, { hash, height: Number(claim.header.height) }, claim.path)
}

/** Builds a fault. */
export const lightFault = (code: LightCode, message: string): Result<never, LightFault> =>
  err({ code, message })

function takeStep(
  state: LightState,
  step: LightStep,
  verifier: Verifier,
): Result<LightState, LightFault> {
  const { head } = state
  const { header } = step
  const hash = headerHash(header)
  const height = Number(header.height)
  if (height < head.height) return older(height, head.height)
  if (bytesEqual(hash, head.hash)) {
    const isBare = step.path.length === 0 && step.authorities === undefined
    return isBare ? ok(state) : lightFault('MALFORMED', 'more is said than was asked')
  }
  if (!certifies(state, { step, hash, verifier })) {
    return lightFault('NOT_CERTIFIED', `no quorum of the authorities made block ${height} final`)
  }
  if (height === head.height) return forked(height)
  if (Number(header.slot) <= head.slot || !standsOn(header, head, step.path)) {
    return notExtended(head.height)
  }
  const next = { ...state, head: { hash, height, slot: Number(header.slot) } }
  const isSame = isSet(state.authorities, header.authorities)
  if (isSame && step.authorities === undefined) return ok(next)
  if (isSame || step.authorities === undefined || step.authorities.length === 0) {
    return lightFault('AUTHORITIES_INVALID', 'the authorities after a block are not as it says')
  }
  if (!isSet(step.authorities, header.authorities)) {
    return lightFault('AUTHORITIES_INVALID', 'the new authorities are not those that were chosen')
  }
  return ok({ ...next, authorities: step.authorities, since: height })
}

function certifies(
  { genesisHash: chain, authorities }: LightState,
  input: { readonly step: LightStep; readonly hash: Uint8Array; readonly verifier: Verifier },
): boolean {
  const { header, certificate } = input.step
  return (
    bytesEqual(certificate.block, input.hash) &&
    certificate.height === header.height &&
    certificate.slot === header.slot &&
    verifyCertificate({ genesisHash: chain, authorities, verifier: input.verifier }, certificate)
  )
}

/** Whether the path shows a block among the ancestors that a header commits to. */
const standsOn = (
  header: Header,
  block: { readonly hash: Uint8Array; readonly height: number },
  path: readonly Uint8Array[],
): boolean =>
  verifyInclusion({
    root: header.historyRoot,
    count: Number(header.height),
    index: block.height,
    entry: block.hash,
    path,
  })

const isSet = (authorities: AuthoritySet, hash: Uint8Array): boolean =>
  bytesEqual(authoritySetHash(authorities), hash)

const older = (height: number, verified: number): Result<never, LightFault> =>
  lightFault(
    'HEAD_OLDER',
    `the site's newest final block is ${height}, but block ${verified} was verified before: the site is behind, or has lost or hides what came since`,
  )

const forked = (height: number): Result<never, LightFault> =>
  lightFault(
    'HEAD_FORKED',
    `the site shows another final block ${height} than the one that was verified before, and authorities signed both: one of the two chains is a lie, and money on it may not exist`,
  )

const notExtended = (height: number): Result<never, LightFault> =>
  lightFault(
    'NOT_EXTENDED',
    `the site does not show that its chain continues block ${height}, which was verified before: payments made on either may not count on the other`,
  )
