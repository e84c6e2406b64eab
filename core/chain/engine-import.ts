/**
 * Checking a block made elsewhere: everything, before anything of it is stored.
 */
import { bytesEqual } from '../base/bytes.ts'
import { decodeCanonical } from '../base/coders.ts'
import { err, ok, type Result } from '../base/result.ts'
import { historyRoot } from '../crypto/history.ts'
import { listRoot } from '../crypto/merkle.ts'
import {
  type Block,
  blockCoder,
  type Certificate,
  type Header,
  headerHash,
  headerSigningBytes,
} from './block.ts'
import { verifyCertificate } from './certificate.ts'
import { type CheckedTransaction, checkTransaction } from './check-transaction.ts'
import { proposerOf, slotAt } from './consensus.ts'
import type { ImportError } from './engine-api.ts'
import { authoritiesAfter, type ExecutedBlock, outcomesRoot } from './engine-build.ts'
import { type EngineContext, type EngineMemory, type HeldBlock, readHeld } from './engine-core.ts'
import { openExecution } from './execute.ts'
import type { AuthoritySet } from './genesis.ts'
import { blockBytesMax, blockTransactionsMax } from './limits.ts'
import type { Outcome } from './outcome.ts'
import { rootHash } from './state-tree.ts'

/** Room for header, certificate and length prefixes beside the transactions. */
const blockOverheadMax = 65_536

const sizeRule = `a block has at most ${blockBytesMax} bytes of transactions`

/** Decodes a block of bounded size. */
export function decodeBlock(bytes: Uint8Array): Result<Block, ImportError> {
  if (bytes.length > blockBytesMax + blockOverheadMax) {
    return refuse('BLOCK_TOO_LARGE', sizeRule)
  }
  const decoded = decodeCanonical(blockCoder, bytes)
  return decoded.ok ? decoded : refuse('ENCODING_INVALID', decoded.error.message)
}

/** Checks that a block is signed by the proposer of its slot. Says nothing about its place or content. */
export function readBlock(
  context: EngineContext,
  memory: EngineMemory,
  block: Block,
): Result<{ readonly block: Block; readonly hash: Uint8Array }, ImportError> {
  const { header, signature } = block.signedHeader
  if (header.slot > BigInt(Number.MAX_SAFE_INTEGER)) {
    return refuse('SLOT_INVALID', 'slots are safe integers')
  }
  if (header.height > header.slot) {
    return refuse('HEIGHT_INVALID', 'heights do not rise faster than slots')
  }
  if (header.height <= BigInt(memory.before?.height ?? -1)) {
    return refuse('BEHIND_FINAL', `height ${memory.before?.height} was the last of another set`)
  }
  const turn = memory.rules.authorities[proposerOf(memory.rules, Number(header.slot))]
  if (!turn || !bytesEqual(turn.publicKey, header.proposer)) {
    return refuse('PROPOSER_INVALID', `slot ${header.slot} is another authority's turn`)
  }
  const { verifier, genesisHash } = context.rules
  const message = headerSigningBytes(genesisHash, header)
  if (!verifier.verify({ signature, message, publicKey: header.proposer })) {
    return refuse('SIGNATURE_INVALID', 'the block is not signed by its proposer')
  }
  return ok({ block, hash: headerHash(header) })
}

/** Checks a signed block against its parent and executes it. Stores nothing. */
export function executeImport(
  context: EngineContext,
  memory: EngineMemory,
  {
    block,
    hash,
    nowMs,
  }: { readonly block: Block; readonly hash: Uint8Array; readonly nowMs: number },
): Result<ExecutedBlock, ImportError> {
  const { header } = block.signedHeader
  if (Number(header.slot) > slotAt(memory.rules, nowMs)) {
    return refuse('BLOCK_EARLY', `slot ${header.slot} has not begun`)
  }
  if (header.height <= BigInt(memory.consensus.final.height)) {
    return refuse('BEHIND_FINAL', `height ${memory.consensus.final.height} is final already`)
  }
  const parent = readHeld(context.store, header.parent)
  if (!parent) return refuse('PARENT_UNKNOWN', 'the parent block is not held')
  if (!bytesEqual(parent.block.signedHeader.header.authorities, memory.rules.authoritiesHash)) {
    return refuse('PARENT_NOT_FINAL', 'the parent ends a set of authorities and is not final')
  }
  const placed = checkPlace(context, memory, header, parent)
  if (placed) return err(placed)
  const checked = checkTransactions(context, block)
  return checked.ok
    ? executeOn(context, memory, { block, hash, parent, checked: checked.value })
    : checked
}

/** Whether a certificate is by the authorities, and names this header. */
export const certifies = (
  context: EngineContext,
  memory: EngineMemory,
  certificate: Certificate,
  { hash, height, slot }: { hash: Uint8Array; height: bigint; slot: bigint },
): boolean =>
  bytesEqual(certificate.block, hash) &&
  certificate.height === height &&
  certificate.slot === slot &&
  verifyCertificate({ ...context.rules, authorities: setAt(memory, Number(height)) }, certificate)

/** The set whose certificates hold at a height: the one in force, or the one before it. */
const setAt = ({ rules, before }: EngineMemory, height: number): AuthoritySet =>
  before && height <= before.height ? before.set : rules.authorities

function checkPlace(
  context: EngineContext,
  memory: EngineMemory,
  header: Header,
  parent: HeldBlock,
): ImportError | undefined {
  const above = parent.block.signedHeader.header
  if (header.version !== 1) return fault('HEADER_INVALID', 'version must be 1')
  if (header.height !== above.height + 1n) return fault('HEIGHT_INVALID', 'height must rise by one')
  if (header.slot <= above.slot) return fault('SLOT_INVALID', 'slots must rise')
  if (!bytesEqual(header.historyRoot, historyRoot(parent.execution.history))) {
    return fault('ROOT_MISMATCH', 'the history root is another')
  }
  return checkHeaderCertificate(context, memory, header, parent)
}

/** The certificate in a header: of an ancestor, and no older than the parent's. */
function checkHeaderCertificate(
  context: EngineContext,
  memory: EngineMemory,
  { certificate }: Header,
  parent: HeldBlock,
): ImportError | undefined {
  const before = parent.block.signedHeader.header.certificate
  if (!certificate) {
    return (before || memory.before) && fault('CERTIFICATE_INVALID', 'a newer certificate is known')
  }
  if (before && certificate.height < before.height) {
    return fault('CERTIFICATE_INVALID', 'the parent knew a newer certificate')
  }
  if (memory.before && certificate.height < BigInt(memory.before.height)) {
    return fault('CERTIFICATE_INVALID', 'an older set ended at a later height')
  }
  const named = nameAncestor(context, memory, certificate, parent)
  if (!named) return fault('CERTIFICATE_INVALID', 'it names no ancestor')
  return certifies(context, memory, certificate, named)
    ? undefined
    : fault('CERTIFICATE_INVALID', 'it is not by a quorum of the authorities for this ancestor')
}

/**
 * The ancestor that a certificate has to name. Below the block with which this site began none is held: who
 * certified another block there has contradicted the quorum that certified that one, so signatures suffice.
 */
function nameAncestor(
  context: EngineContext,
  memory: EngineMemory,
  { block, height, slot }: Certificate,
  parent: HeldBlock,
): { readonly hash: Uint8Array; readonly height: bigint; readonly slot: bigint } | undefined {
  const at = Number(height)
  const { final } = memory.consensus
  if (at < final.height && !context.store.readHeight(at) && context.store.readNote('base')) {
    return { hash: block, height, slot }
  }
  const held = ancestorAt(context, memory, parent, at)
  return held && { hash: held.stored.hash, height, slot: held.block.signedHeader.header.slot }
}

/** The block at a height among a block and its ancestors. */
function ancestorAt(
  { store }: EngineContext,
  memory: EngineMemory,
  from: HeldBlock,
  height: number,
): HeldBlock | undefined {
  if (height > from.stored.height) return undefined
  if (height <= memory.consensus.final.height) {
    const hash = store.readHeight(height)
    return hash && readHeld(store, hash)
  }
  let at: HeldBlock | undefined = from
  while (at && at.stored.height > height) at = readHeld(store, at.stored.parent)
  return at
}

function checkTransactions(
  context: EngineContext,
  block: Block,
): Result<CheckedTransaction[], ImportError> {
  if (block.transactions.length > blockTransactionsMax) {
    return refuse('TOO_MANY_TRANSACTIONS', `a block has at most ${blockTransactionsMax} of them`)
  }
  const size = block.transactions.reduce((sum, bytes) => sum + bytes.length, 0)
  if (size > blockBytesMax) return refuse('BLOCK_TOO_LARGE', sizeRule)
  const checked: CheckedTransaction[] = []
  for (const bytes of block.transactions) {
    const one = checkTransaction(context.rules, bytes)
    if (!one.ok) return refuse('TRANSACTION_INVALID', `${one.error.code}: ${one.error.message}`)
    checked.push(one.value)
  }
  const root = listRoot(checked.map(({ hash }) => hash))
  if (!bytesEqual(root, block.signedHeader.header.transactionsRoot)) {
    return refuse('ROOT_MISMATCH', 'the transactions root is another')
  }
  return ok(checked)
}

type ImportParts = {
  readonly block: Block
  readonly hash: Uint8Array
  readonly parent: HeldBlock
  readonly checked: readonly CheckedTransaction[]
}

function executeOn(
  context: EngineContext,
  memory: EngineMemory,
  { block, hash, parent, checked }: ImportParts,
): Result<ExecutedBlock, ImportError> {
  const { header } = block.signedHeader
  const execution = openExecution(context.rules, {
    read: context.nodes.read,
    root: parent.execution.root,
    nextId: memory.nextNodeId,
    slot: header.slot,
    height: header.height,
  })
  const outcomes: Outcome[] = []
  for (const transaction of checked) {
    const done = execution.apply(transaction)
    if (!done.ok) return refuse('TRANSACTION_INVALID', `${done.error.code}: ${done.error.message}`)
    outcomes.push(done.value)
  }
  if (!bytesEqual(header.authorities, authoritiesAfter(context, execution))) {
    return refuse('HEADER_INVALID', 'another authority set follows')
  }
  const update = execution.finish(header.proposer)
  if (!bytesEqual(rootHash(update.root), header.stateRoot)) {
    return refuse('ROOT_MISMATCH', 'the state root is another')
  }
  if (!bytesEqual(outcomesRoot(outcomes), header.outcomesRoot)) {
    return refuse('ROOT_MISMATCH', 'the outcomes root is another')
  }
  const transactionHashes = checked.map((transaction) => transaction.hash)
  const payouts = execution.payouts()
  const firstNode = memory.nextNodeId
  return ok({ block, hash, outcomes, payouts, transactionHashes, update, firstNode })
}

const fault = (code: ImportError['code'], message: string): ImportError => ({ code, message })

const refuse = (code: ImportError['code'], message: string): Result<never, ImportError> =>
  err({ code, message })
