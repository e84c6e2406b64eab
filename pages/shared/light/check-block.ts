/**
 * A block as a whole: its header by its hash, that hash among the ancestors of the newest verified block, the
 * proposer's signature, and the list of transactions against the root that the header names.
 */
import { readLightUpdate } from '../../../core/api/light-json.ts'
import { fromHex, toHex, toHex0x } from '../../../core/base/bytes.ts'
import { decodeCanonical } from '../../../core/base/coders.ts'
import {
  type Header,
  headerHash,
  headerSigningBytes,
  signedHeaderCoder,
} from '../../../core/chain/block.ts'
import { genesisHash } from '../../../core/chain/genesis.ts'
import { advanceLight, isOnChain, type LightStep } from '../../../core/chain/light.ts'
import { type ProvenBlock, provenBlockOf } from '../../../core/chain/proof.ts'
import { nobleVerifier } from '../../../core/crypto/ed25519.ts'
import { listRoot } from '../../../core/crypto/merkle.ts'
import { ask, notFinal, refused, sentence, timed } from './ask.ts'
import type { Check } from './prove.ts'

type Json = Readonly<Record<string, unknown>>

type Held = {
  readonly header: Header
  readonly hash: Uint8Array
  readonly signature: Uint8Array
  readonly transactions: readonly string[]
}

/** A newer block may become final between two questions. */
const triesMax = 5
const piecesMax = 64

/** Checks a block by its hash. `shown`: the whole answer, or a row of a list. Throws a `Refusal`. */
export async function checkBlock(
  at: Check,
  hash: string,
  shown: unknown,
): Promise<{ readonly block: ProvenBlock; readonly note: string }> {
  const said = (typeof shown === 'object' && shown !== null ? shown : {}) as Json
  const answer =
    typeof said['header'] === 'string'
      ? said
      : ((await ask(`/rpc/blocks/${encodeURIComponent(hash)}`, at.cost)) as Json)
  const held = timed(at.cost, () => readHeld(answer))
  if (`0x${toHex(held.hash)}` !== hash) {
    throw refused(
      'WRONG_SUBJECT',
      'The header that the site shows has another hash than the block.',
    )
  }
  await standsUnderHead(at, held.header)
  timed(at.cost, () => checkContent(at, held))
  const wrong = differing(said, held)
  if (wrong.length > 0) {
    const words = wrong.map((name) => name.replaceAll('_', ' ')).join(', ')
    throw refused(
      'SHOWN_OTHERWISE',
      `The site shows something else than block ${held.header.height} holds: ${words}.`,
    )
  }
  const { genesisTimeMs } = at.chain.state
  const note =
    held.header.height === 0n
      ? 'It follows from the genesis.'
      : 'Its header, the signature of its proposer and the list of its transactions hold.'
  return { block: provenBlockOf(held.header, { hash: held.hash, genesisTimeMs }), note }
}

function readHeld(answer: Json): Held {
  const bytes = fromHex(String(answer['header']))
  const decoded = bytes.ok ? decodeCanonical(signedHeaderCoder, bytes.value) : undefined
  const { transactions } = answer
  if (!decoded?.ok || !Array.isArray(transactions)) {
    throw refused('ANSWER_INVALID', 'The site’s bytes of this block are no header.')
  }
  const { header, signature } = decoded.value
  return { header, signature, hash: headerHash(header), transactions: transactions.map(String) }
}

/** Shows the header among the ancestors of the newest verified block, step by step from that one. */
async function standsUnderHead(at: Check, header: Header): Promise<void> {
  const height = Number(header.height)
  for (let tries = 1; tries <= triesMax; tries++) {
    const steps = await wayFrom(at, height)
    const last = steps.at(-1)
    if (!last && at.chain.state.head.height === 0 && height === 0) return
    if (!last || Number(last.header.height) < height) {
      const known = last ? Number(last.header.height) : at.chain.state.head.height
      if (height > known) throw notFinal(`Block ${height} is not final yet.`)
      throw refused('NOT_EXTENDED', 'The site does not hold the history back to this block.')
    }
    if (toHex(headerHash(last.header)) !== toHex(at.chain.state.head.hash)) {
      await advance(at)
      if (toHex(headerHash(last.header)) !== toHex(at.chain.state.head.hash)) continue
    }
    if (timed(at.cost, () => isLinked(at, header, steps))) return
    throw refused('NOT_ON_CHAIN', 'The block that is shown is no part of the verified chain.')
  }
  throw refused('UNREACHABLE', 'The chain went on faster than it could be followed.')
}

function isLinked(
  { chain: { state } }: Check,
  header: Header,
  steps: readonly LightStep[],
): boolean {
  let below = header
  return steps.every((step) => {
    const head = { hash: headerHash(step.header), height: Number(step.header.height), slot: 0 }
    const claim = { header: below, path: step.path, head: step.header }
    below = step.header
    return isOnChain({ ...state, head }, claim)
  })
}

async function wayFrom(at: Check, from: number): Promise<readonly LightStep[]> {
  const all: LightStep[] = []
  for (let piece = 0; piece < piecesMax; piece++) {
    const start = Number(all.at(-1)?.header.height ?? from)
    const update = readLightUpdate(await ask(`/rpc/light?from=${start}`, at.cost))
    if (!update.ok)
      throw refused('ANSWER_INVALID', 'The site answered with something that is no way.')
    all.push(...update.value.steps)
    if (!update.value.more) return all
  }
  throw refused('ANSWER_INVALID', 'The way to the newest block does not end.')
}

async function advance(at: Check): Promise<void> {
  for (let piece = 0; piece < piecesMax; piece++) {
    const { state } = at.chain
    const update = readLightUpdate(await ask(`/rpc/light?from=${state.head.height}`, at.cost))
    if (!update.ok)
      throw refused('ANSWER_INVALID', 'The site answered with something that is no way.')
    const next = timed(at.cost, () => advanceLight(state, update.value, nobleVerifier))
    if (!next.ok) throw refused(next.error.code, sentence(next.error.message))
    at.chain.state = next.value
    if (!update.value.more) return
  }
}

function checkContent({ chain }: Check, { header, signature, transactions }: Held): void {
  const hashes = transactions.map((text) => fromHex(text, 32))
  const leaves = hashes.flatMap((hash) => (hash.ok ? [hash.value] : []))
  const isWhole = leaves.length === transactions.length
  if (!isWhole || toHex(listRoot(leaves)) !== toHex(header.transactionsRoot)) {
    throw refused('NOT_INCLUDED', 'The list of transactions does not lead to the header’s root.')
  }
  const message = headerSigningBytes(genesisHash(chain.genesis), header)
  const isSigned = nobleVerifier.verify({ signature, message, publicKey: header.proposer })
  // Nobody proposes the first block.
  if (header.height > 0n && !isSigned) {
    throw refused('SIGNATURE_INVALID', 'The signature is not that of the proposer.')
  }
}

/** Names of the fields that are shown otherwise than the header has them. */
function differing(said: Json, { header, hash, transactions }: Held): readonly string[] {
  const is: Json = {
    height: Number(header.height),
    hash: toHex0x(hash),
    parent_hash: toHex0x(header.parent),
    slot: Number(header.slot),
    proposer: toHex(header.proposer),
    state_root: toHex0x(header.stateRoot),
    tx_count: transactions.length,
    transaction_count: transactions.length,
  }
  return Object.keys(is).filter((name) => name in said && said[name] !== is[name])
}
