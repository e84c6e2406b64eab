/** From what a page asks for to the canonical body that would be signed. */
import { parseUnits } from '../../../core/base/amount.ts'
import { fromHex } from '../../../core/base/bytes.ts'
import { ok, type Result } from '../../../core/base/result.ts'
import { sufficientFee } from '../../../core/chain/fees.ts'
import { type Genesis, genesisHash, parseGenesis } from '../../../core/chain/genesis.ts'
import type { Message, TransactionBody } from '../../../core/chain/transaction.ts'
import { parseAddress } from '../../../core/crypto/address.ts'
import { fail } from './held.ts'
import type { DraftMessage, TransactionDraft, VaultError } from './messages.ts'

/** The chain for which something is signed. */
export type DraftChain = { readonly genesis: Genesis; readonly hash: Uint8Array }

/** Reads the genesis that a page passes on; its hash is made here. */
export function chainOf(genesis: unknown): Result<DraftChain, VaultError> {
  const parsed = parseGenesis(genesis)
  if (!parsed.ok) return invalid(`The chain’s genesis cannot be read: ${parsed.error.message}.`)
  return ok({ genesis: parsed.value, hash: genesisHash(parsed.value) })
}

/** The body of a draft, signed by the account with `publicKey`. */
export function bodyOf(
  draft: TransactionDraft,
  sender: Uint8Array,
  { genesis }: DraftChain,
): Result<TransactionBody, VaultError> {
  const message = messageOf(draft.message)
  if (!message.ok) return message
  const nonce = whole(draft.nonce)
  const validUntil = whole(draft.validUntil)
  const fee = draft.fee === undefined ? 0n : whole(draft.fee)
  if (nonce === undefined || validUntil === undefined || fee === undefined) {
    return invalid('Nonce, fee and last slot must be whole numbers.')
  }
  const body = { version: 1, sender, nonce, fee, validUntil, message: message.value }
  if (draft.fee !== undefined) return ok(body)
  return ok({ ...body, fee: sufficientFee(genesis.parameters, body) })
}

function messageOf(draft: DraftMessage): Result<Message, VaultError> {
  const read = reader()
  const message = read.message(draft)
  const [fault] = read.faults
  return fault === undefined && message ? ok(message) : invalid(fault ?? 'This kind is not known.')
}

/** Reads fields, and collects what is wrong with them. */
function reader() {
  const faults: string[] = []
  const nothing = new Uint8Array()
  const bytes = (text: string, what: string) => {
    const read = fromHex(text, 32)
    if (!read.ok) faults.push(`The ${what} is not 64 hex digits.`)
    return read.ok ? read.value : nothing
  }
  const address = (text: string) => {
    const read = parseAddress(text)
    if (!read.ok) faults.push(`The recipient is ${read.error.message}.`)
    return read.ok ? read.value : nothing
  }
  const amount = (text: string, what: string) => {
    const units = whole(text)
    if (units === undefined || units === 0n) faults.push(`The ${what} must be above zero.`)
    return units ?? 0n
  }
  const slot = (text: string) => {
    const read = whole(text)
    if (read === undefined) faults.push('The expiry is no slot.')
    return read ?? 0n
  }
  const message = (draft: DraftMessage): Message | undefined => {
    switch (draft.kind) {
      case 'transfer': {
        const data = { to: address(draft.to), amount: amount(draft.amount, 'amount') }
        return { TAG: 'transfer', data }
      }
      case 'escrow_open': {
        const coordinator = bytes(draft.coordinator, 'coordinator’s key')
        const locked = amount(draft.amount, 'amount')
        const { delegate } = draft
        const terms = delegate && {
          delegate: bytes(delegate.key, 'delegate’s key'),
          budget: amount(delegate.budget, 'budget'),
          expiry: slot(delegate.expiry),
        }
        const data = { coordinator, amount: locked, expiry: slot(draft.expiry), delegate: terms }
        return { TAG: 'escrow_open', data }
      }
      case 'escrow_top_up': {
        const escrow = bytes(draft.escrow, 'escrow')
        const expiry = draft.expiry === undefined ? 0n : slot(draft.expiry)
        const data = { escrow, amount: amount(draft.amount, 'amount'), expiry }
        return { TAG: 'escrow_top_up', data }
      }
      case 'escrow_close':
        return { TAG: 'escrow_close', data: { escrow: bytes(draft.escrow, 'escrow') } }
      case 'delegate_grant': {
        const delegate = bytes(draft.delegate, 'delegate’s key')
        const budget = amount(draft.budget, 'budget')
        const terms = { delegate, budget, expiry: slot(draft.expiry) }
        return { TAG: 'delegate_grant', data: { escrow: bytes(draft.escrow, 'escrow'), terms } }
      }
      case 'delegate_revoke': {
        const delegate = bytes(draft.delegate, 'delegate’s key')
        return {
          TAG: 'delegate_revoke',
          data: { escrow: bytes(draft.escrow, 'escrow'), delegate },
        }
      }
      case 'booking_open': {
        const data = {
          provider: address(draft.provider),
          coordinator: bytes(draft.coordinator, 'coordinator’s key'),
          offer: bytes(draft.offer, 'offer'),
          start: slot(draft.start),
          slots: amount(draft.slots, 'time'),
          price: amount(draft.price, 'price'),
        }
        return { TAG: 'booking_open', data }
      }
      case 'booking_close':
        return { TAG: 'booking_close', data: { booking: bytes(draft.booking, 'booking') } }
      default:
        return undefined
    }
  }
  return { faults, message }
}

/** A decimal string as a whole number; undefined for anything else. */
export function whole(text: string): bigint | undefined {
  const read = parseUnits(text)
  return read.ok ? read.value : undefined
}

const invalid = (message: string): Result<never, VaultError> => fail('DRAFT_INVALID', message)
