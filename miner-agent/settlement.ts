/**
 * Settlements seen from the miner: what one transaction paid to us, and how we have one made ourselves
 * when the coordinator does not.
 */
import { bytesEqual, fromHex } from '../core/base/bytes.ts'
import { decodeCanonical } from '../core/base/coders.ts'
import { assert } from '../core/base/result.ts'
import { type Authorisation, authorisationCoder } from '../core/chain/authorisation.ts'
import { feeFloor, settledEntries } from '../core/chain/fees.ts'
import type { Genesis } from '../core/chain/genesis.ts'
import type { SettlementItem } from '../core/chain/messages/settle.ts'
import { type Outcome, settlementCodes } from '../core/chain/outcome.ts'
import { releaseCoder } from '../core/chain/release.ts'
import {
  signTransaction,
  type TransactionBody,
  transactionCoder,
} from '../core/chain/transaction.ts'
import type { Signer } from '../core/crypto/signature.ts'
import type { JournalRelease } from './journal.ts'

/** Most items that we put into one transaction: they must fit its size, and 64 are cheap enough. */
export const settlementBatchMax = 64

/** Slots for which our transactions are valid: five minutes. */
const validitySlots = 150n

/** One release as an item of a settle transaction. The journal holds only what was checked. */
export function itemOf(release: JournalRelease): SettlementItem {
  const authorisation = decodeCanonical(authorisationCoder, hexBytes(release.authorisation))
  const decoded = decodeCanonical(releaseCoder, hexBytes(release.release))
  assert(authorisation.ok && decoded.ok, 'the journal holds canonical bytes')
  return {
    authorisation: authorisation.value,
    authorisationSignature: hexBytes(release.authorisation_signature),
    release: decoded.value,
    releaseSignature: hexBytes(release.release_signature),
  }
}

/** What the outcome of a settlement says of one authorisation; undefined when it is not among its items. */
export function codeFor(
  outcome: Outcome,
  authorisation: Pick<Authorisation, 'escrow' | 'number'>,
): keyof typeof settlementCodes | undefined {
  const found = outcome.settlements.find(
    ({ escrow, number }) =>
      number === authorisation.number && bytesEqual(escrow, authorisation.escrow),
  )
  if (found === undefined) return undefined
  const names = Object.keys(settlementCodes) as (keyof typeof settlementCodes)[]
  return names.find((name) => settlementCodes[name] === found.code)
}

/** Signs a settle transaction. Its fee is the floor, which the coordinator's shares bear. */
export function makeSettlement(input: {
  readonly genesis: Genesis
  readonly genesisHash: Uint8Array
  readonly signer: Signer
  readonly items: readonly SettlementItem[]
  readonly nonce: bigint
  readonly slot: number
  /** Accounts that do not exist yet and that this creates: our own, the coordinator's. */
  readonly newAccounts: number
}): Uint8Array {
  const body: TransactionBody = {
    version: 1,
    sender: input.signer.publicKey,
    nonce: input.nonce,
    fee: 0n,
    validUntil: BigInt(input.slot) + validitySlots,
    message: { TAG: 'settle', data: { items: [...input.items] } },
  }
  const size = transactionCoder.encode({ body, signature: new Uint8Array(64) }).length
  const { parameters } = input.genesis
  const entries = settledEntries(input.items.length, parameters) + input.newAccounts
  const fee = feeFloor(parameters, { size, entries })
  return signTransaction(input.genesisHash, { ...body, fee }, input.signer)
}

function hexBytes(digits: string): Uint8Array {
  const bytes = fromHex(digits)
  assert(bytes.ok, 'the journal holds hex')
  return bytes.value
}
