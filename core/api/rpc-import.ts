/**
 * The original's two ways to hand a block to a site, in its order of checks and with its words. What it
 * took on trust has to be shown here: `block` carries the signed block in canonical bytes.
 */
import * as z from 'zod'
import { fromHex, toHex0x } from '../base/bytes.ts'
import { decodeCanonical } from '../base/coders.ts'
import { type Block, blockCoder, headerHash } from '../chain/block.ts'
import { blockBytesMax } from '../chain/limits.ts'

const whole = z.int().min(0)
const name = z.string().max(200)

/** Longest hex of a block: its transactions, header and certificate. */
const blockHex = z
  .string()
  .max(2 * (blockBytesMax + 65_536) + 2)
  .describe('The signed block: canonical bytes, hex; required in truth')

/** `POST /rpc/blocks/import`. */
export const importBlockSchema = z.object({
  height: z.int().min(1),
  hash: name.describe('Hash of the header'),
  parent_hash: name,
  proposer: name,
  timestamp: name,
  tx_count: whole,
  state_root: name.nullish(),
  transactions: z.array(z.unknown()).max(2_000).default([]).describe('Not read: see block'),
  receipts: z.array(z.unknown()).max(2_000).default([]).describe('Not read'),
  block: blockHex.nullish(),
})

/** `POST /rpc/importBlock`: whatever is wrong in it is told in the answer. */
export const importResultRequestSchema = z.looseObject({
  height: z.unknown().optional(),
  hash: z.unknown().optional(),
  parent_hash: z.unknown().optional(),
  proposer: z.unknown().optional(),
  timestamp: z.unknown().optional(),
  tx_count: z.unknown().optional(),
  block: blockHex.nullish(),
})
export type ImportResultRequest = z.infer<typeof importResultRequestSchema>

/** A block as posted: its bytes, and the hash that they have. */
export type PostedBlock = {
  readonly bytes: Uint8Array
  readonly block: Block
  readonly hash: Uint8Array
}

/** Reads the hex of a block; undefined where that is no block. */
export function readPostedBlock(hex: string | null | undefined): PostedBlock | undefined {
  const bytes = fromHex(hex ?? '')
  if (!bytes.ok || bytes.value.length === 0) return undefined
  const block = decodeCanonical(blockCoder, bytes.value)
  if (!block.ok) return undefined
  return {
    bytes: bytes.value,
    block: block.value,
    hash: headerHash(block.value.signedHeader.header),
  }
}

/**
 * The original's checks of form, in its order and words; undefined when all hold. `trusted`: the public
 * keys of the authorities, in hex.
 */
export function formFault(
  body: ImportResultRequest,
  trusted: readonly string[],
): string | undefined {
  const { hash, proposer } = body
  if (typeof proposer !== 'string' || proposer === '') return 'Missing proposer field'
  if (typeof hash !== 'string' || !hash.startsWith('0x')) {
    return `Invalid block hash format: ${shown(hash)}`
  }
  if (!trusted.includes(proposer.replace(/^0x/, '').toLowerCase())) {
    return `Proposer '${shown(proposer)}' not in trusted set`
  }
  for (const field of ['height', 'parent_hash', 'timestamp'] as const) {
    if (body[field] === undefined || body[field] === null) return `Missing required field: ${field}`
  }
  if (hash.length !== 66) return `Invalid hash length: ${hash.length}`
  if (!fromHex(hash, 32).ok) return `Invalid hex in hash: ${shown(hash)}`
  return undefined
}

/** Whether what stands beside the signed block says the same as it. */
export function isDescribedBy(
  { block, hash }: PostedBlock,
  given: {
    readonly height: number
    readonly hash: string
    readonly parent_hash: string
  },
): boolean {
  const { header } = block.signedHeader
  return (
    sameHash(given.hash, hash) &&
    Number(header.height) === given.height &&
    sameHash(given.parent_hash, header.parent)
  )
}

/** Whether text names these 32 bytes, with or without `0x`. */
export function sameHash(text: string, bytes: Uint8Array): boolean {
  const plain = text.toLowerCase()
  return toHex0x(bytes) === (plain.startsWith('0x') ? plain : `0x${plain}`)
}

/** What a stranger sent, fit for an answer. */
const shown = (value: unknown): string => String(value).slice(0, 80)
